import { SimpleGrid, Text } from '@mantine/core';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useCategories } from '@/api/categories/queries';
import type { Forecast } from '@/api/types';
import { isolate, useLocale } from '@/lib/i18n';
import { formatMoney, formatPercent, sum } from '@/lib/money';
import { formatMonth } from '@/lib/period';
import { useCategoryName } from '@/ui/category';
import { Fan } from '@/ui/Chart';
import { ChartFrame } from '@/ui/ChartFrame';
import { fanLines } from '@/ui/fan';
import { Money } from '@/ui/Money';
import { methodKey } from './method';

/** The whole, or one category of it. The past of a category is not in the answer, so its fan stands alone. */
export function FanSection({ forecast, category }: { forecast: Forecast; category: string | undefined }) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const categories = useCategories();
  const name = useCategoryName();
  const { currency } = forecast;
  const part = forecast.categories.find((one) => one.category_id === category);
  const { method, error } = part ?? forecast;
  const history = useMemo(() => (part ? [] : forecast.history), [part, forecast.history]);
  const coming = part?.months ?? forecast.months;
  const lines = useMemo(() => fanLines(history, coming), [history, coming]);
  const labels = useMemo(() => lines.months.map((month) => formatMonth(month, locale, 'short')), [lines, locale]);
  const names = useMemo(() => ({ past: t('forecast.past'), likely: t('forecast.likely'), range: t('forecast.range') }), [t]);
  const money = useCallback((amount: string) => formatMoney(amount, currency, locale, 'whole'), [currency, locale]);
  const axisText = useCallback(
    (value: number) => formatMoney(String(value), currency, locale, 'compact'),
    [currency, locale],
  );
  const monthText = useCallback(
    (index: number) => {
      const month = labels[index] ?? '';
      const past = history[index];
      if (past) return [month, `${names.past}: ${money(past.amount)}`];
      const one = coming[index - history.length];
      if (!one) return [month];
      return [month, `${names.likely}: ${money(one.p50)}`, `${names.range}: ${money(one.p10)} – ${money(one.p90)}`];
    },
    [labels, history, coming, names, money],
  );
  const next = coming[0];
  const title = part ? name(categories.find((one) => one.id === part.category_id)) : t('forecast.chart');
  const description = next
    ? t('forecast.description', {
        count: history.length,
        month: formatMonth(next.month, locale),
        likely: isolate(money(next.p50)),
        low: isolate(money(next.p10)),
        high: isolate(money(next.p90)),
      })
    : '';

  return (
    <ChartFrame
      title={title}
      description={description}
      table={{
        head: [t('chart.month'), t('forecast.past'), t('forecast.low'), t('forecast.likely'), t('forecast.high')],
        rows: [
          ...history.map((one) => ({
            key: one.month,
            cells: [formatMonth(one.month, locale), <Money key="past" amount={one.amount} currency={currency} />, '', '', ''],
          })),
          ...coming.map((one) => ({
            key: one.month,
            cells: [
              formatMonth(one.month, locale),
              '',
              <Money key="low" amount={one.p10} currency={currency} variant="whole" />,
              <Money key="likely" amount={one.p50} currency={currency} variant="whole" />,
              <Money key="high" amount={one.p90} currency={currency} variant="whole" />,
            ],
          })),
        ],
      }}
      footer={
        <>
          {next ? (
            <SimpleGrid cols={{ base: 1, sm: 2 }} mt="sm">
              <div>
                <span className="figure-label">{t('forecast.next')}</span>
                <div className="figure-value">
                  <Money amount={next.p50} currency={currency} variant="whole" />
                </div>
                <Text size="sm" c="dimmed">
                  {t('forecast.range')}: <Money amount={next.p10} currency={currency} variant="whole" /> –{' '}
                  <Money amount={next.p90} currency={currency} variant="whole" />
                </Text>
              </div>
              <div>
                <span className="figure-label">{t('forecast.sum', { count: coming.length })}</span>
                <div className="figure-value">
                  <Money amount={sum(coming.map((one) => one.p50))} currency={currency} variant="whole" />
                </div>
              </div>
            </SimpleGrid>
          ) : null}
          <Text size="sm" mt="sm">
            <b>{t('forecast.how')}:</b> {method ? `${t(methodKey(method))}. ` : ''}
            {error === null ? '' : t('forecast.error', { percent: isolate(formatPercent(error * 100, locale)) })}{' '}
            {part || forecast.coverage === null
              ? ''
              : t('forecast.coverage', { percent: isolate(formatPercent(forecast.coverage * 100, locale)) })}
          </Text>
        </>
      }
    >
      <Fan
        lines={lines}
        labels={labels}
        names={names}
        height={320}
        description={description}
        monthText={monthText}
        axisText={axisText}
      />
    </ChartFrame>
  );
}
