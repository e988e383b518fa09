import { Text } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Dashboard } from '@/api/types';
import { useLocale } from '@/lib/i18n';
import { absolute, asOut, compare, formatMoney, plotValue } from '@/lib/money';
import { formatMonth, type Period } from '@/lib/period';
import { Chart } from '@/ui/Chart';
import { ChartFrame } from '@/ui/ChartFrame';
import { Money, MoneyOut } from '@/ui/Money';

const outColor = '#c98200';
const inColor = '#2f6fb7';

type Props = { dashboard: Dashboard; period: Period };

/** Month against month; a click on one makes it the period. */
export function MonthlyBars({ dashboard, period }: Props) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const navigate = useNavigate();
  const { months, currency } = dashboard;
  const labels = useMemo(() => months.map((one) => formatMonth(one.month, locale, 'short')), [months, locale]);
  const series = useMemo(
    () => [
      { name: t('money.out'), color: outColor, values: months.map((one) => plotValue(absolute(one.out))) },
      { name: t('money.in'), color: inColor, values: months.map((one) => plotValue(absolute(one.in))) },
    ],
    [months, t],
  );
  const highest = months.reduce<Dashboard['months'][number] | undefined>(
    (best, one) => (best && compare(absolute(best.out), absolute(one.out)) >= 0 ? best : one),
    undefined,
  );
  const select = useCallback(
    (index: number) => {
      const month = months[index]?.month;
      if (month) void navigate({ to: '/', search: (before) => ({ ...before, from: month, to: month }) });
    },
    [months, navigate],
  );
  const valueText = useCallback(
    (which: number, index: number) => {
      const one = months[index];
      return one ? formatMoney(which === 0 ? asOut(one.out) : one.in, currency, locale) : '';
    },
    [months, currency, locale],
  );
  const axisText = useCallback(
    (value: number) => formatMoney(String(value), currency, locale, 'compact'),
    [currency, locale],
  );
  const emphasised = useCallback(
    (index: number) => {
      const month = months[index]?.month ?? '';
      return month >= period.from && month <= period.to;
    },
    [months, period.from, period.to],
  );
  const description = highest
    ? t('dashboard.monthsDescription', {
        count: months.length,
        month: formatMonth(highest.month, locale),
        amount: formatMoney(asOut(highest.out), currency, locale),
      })
    : t('dashboard.noSpending');

  return (
    <ChartFrame
      title={t('dashboard.months')}
      description={description}
      table={{
        head: [t('chart.month'), t('money.out'), t('money.in'), t('money.net')],
        rows: months.map((one) => ({
          key: one.month,
          cells: [
            <Link key="month" to="/" search={(before) => ({ ...before, from: one.month, to: one.month })}>
              {formatMonth(one.month, locale)}
            </Link>,
            <MoneyOut key="out" amount={one.out} currency={currency} />,
            <Money key="in" amount={one.in} currency={currency} />,
            <Money key="net" amount={one.net} currency={currency} variant="signed" />,
          ],
        })),
      }}
      footer={
        <Text size="xs" c="dimmed" mt={4}>
          {t('dashboard.monthsHint')}
        </Text>
      }
    >
      <Chart
        labels={labels}
        series={series}
        height={300}
        description={description}
        valueText={valueText}
        axisText={axisText}
        emphasised={emphasised}
        onSelect={select}
      />
    </ChartFrame>
  );
}
