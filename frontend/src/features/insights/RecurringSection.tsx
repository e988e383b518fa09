import { Table, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useCategories } from '@/api/categories/queries';
import type { RecurringSeries, Series } from '@/api/types';
import { isolate, useLocale } from '@/lib/i18n';
import { absolute, formatMoney, formatPercent } from '@/lib/money';
import { formatDate } from '@/lib/period';
import { CategoryChip } from '@/ui/CategoryChip';
import { Money } from '@/ui/Money';
import { Section } from '@/ui/Section';
import { ErrorState, Loading } from '@/ui/States';
import { useRecurring } from './queries';

export function RecurringSection({ currency }: { currency: string }) {
  const { t } = useTranslation();
  const recurring = useRecurring(currency);
  return (
    <Section title={t('insights.recurring')} text={t('insights.recurringText')}>
      {recurring.isPending ? <Loading rows={3} height={44} /> : null}
      {recurring.error && !recurring.data ? (
        <ErrorState error={recurring.error} onRetry={() => void recurring.refetch()} />
      ) : null}
      {recurring.data ? <Found found={recurring.data} /> : null}
    </Section>
  );
}

function Found({ found }: { found: RecurringSeries }) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  if (found.data.length === 0) return <Text>{t('insights.noneRecurring')}</Text>;
  const monthly = isolate(formatMoney(absolute(found.monthly), found.currency, locale));
  return (
    <>
      <Text mb="xs">{t('insights.monthly', { amount: monthly })}</Text>
      <Table aria-label={t('insights.recurring')} className="recurring" verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('insights.merchant')}</Table.Th>
            <Table.Th>{t('insights.rhythm')}</Table.Th>
            <Table.Th>{t('insights.next')}</Table.Th>
            <Table.Th className="cell-number">{t('field.amount')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.data.map((series) => (
            <SeriesRow key={`${series.merchant} ${series.cadence} ${series.amount}`} series={series} />
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}

function SeriesRow({ series }: { series: Series }) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const categories = useCategories();
  const { price_rise: rise } = series;
  return (
    <Table.Tr>
      <Table.Td>
        <Link to="/transactions" search={{ q: series.merchant }} className="plain-link">
          <bdi>{series.merchant}</bdi>
        </Link>
        {series.category_id ? (
          <div>
            <CategoryChip category={categories.find((category) => category.id === series.category_id)} />
          </div>
        ) : null}
      </Table.Td>
      <Table.Td>{t(`insights.cadence.${series.cadence}`)}</Table.Td>
      <Table.Td>
        {series.missed ? (
          <span className="review-badge">{t('insights.expected', { date: formatDate(series.next_date, locale) })}</span>
        ) : (
          formatDate(series.next_date, locale)
        )}
        <div className="small dimmed">{t('insights.lastCame', { date: formatDate(series.last_date, locale) })}</div>
      </Table.Td>
      <Table.Td className="cell-number">
        <Money amount={series.amount} currency={series.currency} />
        {rise ? (
          <div className="small">
            {t('insights.rose', {
              percent: isolate(formatPercent(rise.percent, locale, 1)),
              date: formatDate(rise.since, locale),
              from: isolate(formatMoney(absolute(rise.from), series.currency, locale)),
            })}
          </div>
        ) : null}
      </Table.Td>
    </Table.Tr>
  );
}
