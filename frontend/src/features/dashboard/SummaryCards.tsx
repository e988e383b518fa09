import { SimpleGrid, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Dashboard } from '@/api/types';
import { useLocale } from '@/lib/i18n';
import { changePermille, formatCount, formatPercent, isZero } from '@/lib/money';
import { Money, MoneyOut } from '@/ui/Money';
import type { RowSearch } from './links';

type Props = { dashboard: Dashboard; rows: RowSearch };

export function SummaryCards({ dashboard, rows }: Props) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const { totals, previous, currency, review } = dashboard;
  return (
    <SimpleGrid cols={{ base: 2, sm: 2, lg: 4 }} spacing="sm">
      <Figure
        label={t('money.out')}
        to={{ ...rows, type: 'expense' }}
        value={
          isZero(totals.out) ? (
            <Money amount={totals.out} currency={currency} />
          ) : (
            <MoneyOut amount={totals.out} currency={currency} />
          )
        }
        note={<Comparison before={previous.out} after={totals.out} />}
      />
      <Figure
        label={t('money.in')}
        to={{ ...rows, type: 'income' }}
        value={<Money amount={totals.in} currency={currency} />}
        note={<Comparison before={previous.in} after={totals.in} />}
      />
      <Figure
        label={t('money.net')}
        to={rows}
        value={<Money amount={totals.net} currency={currency} variant="signed" />}
        note={
          <Text size="xs" c="dimmed" component="span">
            {t('dashboard.before')} <Money amount={previous.net} currency={currency} variant="signed" />
          </Text>
        }
      />
      <Figure
        label={t('dashboard.review')}
        to="review"
        value={formatCount(review.count, locale)}
        accent={review.count > 0}
        note={
          <Text size="xs" c="dimmed" component="span">
            {review.count > 0 ? t('dashboard.reviewSome') : t('dashboard.reviewNone')}
          </Text>
        }
      />
    </SimpleGrid>
  );
}

type FigureProps = { label: string; value: ReactNode; note: ReactNode; to: RowSearch | 'review'; accent?: boolean };

function Figure({ label, value, note, to, accent = false }: FigureProps) {
  const className = accent ? 'figure figure-accent' : 'figure';
  const content = (
    <>
      <span className="figure-label">{label}</span>
      <span className="figure-value">{value}</span>
      <span className="figure-note">{note}</span>
    </>
  );
  return to === 'review' ? (
    <Link to="/review" className={className}>
      {content}
    </Link>
  ) : (
    <Link to="/transactions" search={to} className={className}>
      {content}
    </Link>
  );
}

function Comparison({ before, after }: { before: string; after: string }) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const change = changePermille(before, after);
  const text =
    change === null
      ? t('dashboard.nothingBefore')
      : change === 0
        ? t('dashboard.same')
        : t(change > 0 ? 'dashboard.more' : 'dashboard.less', {
            percent: formatPercent(Math.abs(change) / 10, locale, Math.abs(change) < 100 ? 1 : 0),
          });
  return (
    <Text size="xs" c="dimmed" component="span">
      {text}
    </Text>
  );
}
