import { Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useCategories } from '@/api/categories/queries';
import type { Dashboard } from '@/api/types';
import { useLocale } from '@/lib/i18n';
import { formatCount, formatMoney, formatPercent, plotShare, asOut } from '@/lib/money';
import { formatPeriod, type Period } from '@/lib/period';
import { categoryColor, useCategoryName } from '@/ui/category';
import { ChartFrame } from '@/ui/ChartFrame';
import { MoneyOut } from '@/ui/Money';
import type { RowSearch } from './links';

type Props = { dashboard: Dashboard; rows: RowSearch; period: Period };

/** Where the money went: one bar for each category, each leading to its rows. */
export function CategoryBars({ dashboard, rows, period }: Props) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const categories = useCategories();
  const name = useCategoryName();
  const { categories: totals, currency } = dashboard;
  const most = totals[0];
  const find = (id: string) => categories.find((category) => category.id === id) ?? { id, name: id, color: null };
  const description = most
    ? t('dashboard.categoriesDescription', {
        period: formatPeriod(period, locale),
        count: totals.length,
        category: name(find(most.category_id)),
        amount: formatMoney(asOut(most.amount), currency, locale),
        percent: formatPercent(Number(most.percent), locale),
      })
    : t('dashboard.noSpending');

  return (
    <ChartFrame
      title={t('dashboard.categories')}
      description={description}
      table={{
        head: [t('field.category'), t('field.amount'), t('chart.share'), t('transactions.count')],
        rows: totals.map((total) => ({
          key: total.category_id,
          cells: [
            <Link key="name" to="/transactions" search={{ ...rows, category: total.category_id, type: 'expense' }}>
              {name(find(total.category_id))}
            </Link>,
            <MoneyOut key="amount" amount={total.amount} currency={currency} />,
            formatPercent(Number(total.percent), locale, 1),
            formatCount(total.count, locale),
          ],
        })),
      }}
    >
      {totals.length === 0 ? (
        <Text c="dimmed">{t('dashboard.noSpending')}</Text>
      ) : (
        <ul className="category-bars">
          {totals.map((total) => {
            const category = find(total.category_id);
            const width = most ? plotShare(total.amount, most.amount) : 0;
            return (
              <li key={total.category_id}>
                <Link to="/transactions" search={{ ...rows, category: total.category_id, type: 'expense' }}>
                  <span className="bar-name">
                    <span className="category-dot" style={{ backgroundColor: categoryColor(category) }} />
                    {name(category)}
                  </span>
                  <span className="bar-figures">
                    <span className="dimmed">{formatPercent(Number(total.percent), locale)}</span>
                    <MoneyOut amount={total.amount} currency={currency} />
                  </span>
                  <span className="bar-track" aria-hidden="true">
                    <span
                      style={{ inlineSize: `${Math.max(1, width * 100)}%`, backgroundColor: categoryColor(category) }}
                    />
                  </span>
                </Link>
              </li>
            );
          })}
        </ul>
      )}
    </ChartFrame>
  );
}
