import { Card, Group, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { useCategories } from '@/api/categories/queries';
import type { Transaction } from '@/api/types';
import { useLocale } from '@/lib/i18n';
import { isNegative } from '@/lib/money';
import { formatDate } from '@/lib/period';
import { CategoryChip } from '@/ui/CategoryChip';
import { Money } from '@/ui/Money';

export function RecentRows({ rows }: { rows: Transaction[] }) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const titleId = useId();
  const categories = useCategories();
  return (
    <Card component="section" aria-labelledby={titleId}>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4" id={titleId}>
          {t('dashboard.recent')}
        </Title>
        <Link to="/transactions" className="plain-link">
          {t('dashboard.all')}
        </Link>
      </Group>
      <ul className="recent">
        {rows.map((row) => (
          <li key={row.id}>
            <Link to="/transactions" search={{ open: row.id }}>
              <span className="recent-text">
                <bdi className="recent-description">{row.description}</bdi>
                <span className="recent-about">
                  <CategoryChip category={categories.find((category) => category.id === row.category_id)} />
                  <span className="dimmed">{formatDate(row.date, locale)}</span>
                </span>
              </span>
              <Money
                amount={row.amount}
                currency={row.currency}
                className={isNegative(row.amount) ? undefined : 'money-in'}
                variant={isNegative(row.amount) ? 'full' : 'signed'}
              />
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}
