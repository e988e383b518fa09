import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useMe } from '@/api/me/queries';
import type { Dashboard } from '@/api/types';
import { runCommand } from '@/lib/commands';
import { useLocale } from '@/lib/i18n';
import { formatPeriod, type Period, todayIn } from '@/lib/period';
import { IconPlus } from '@/ui/icons';
import { Logo } from '@/ui/Logo';
import { PeriodPicker } from '@/ui/PeriodPicker';
import { RatesNote, UnconvertedNote } from '@/ui/RatesNote';
import { EmptyState, ErrorState, Loading } from '@/ui/States';
import { CategoryBars } from './CategoryBars';
import { rowsOf } from './links';
import { MonthlyBars } from './MonthlyBars';
import { useDashboard } from './queries';
import { RecentRows } from './RecentRows';
import { chosenPeriod, type DashboardSearch } from './search';
import { SummaryCards } from './SummaryCards';

/** A searchable list is a lot of code for a corner of the first screen, so it comes right after it. */
const CurrencySelect = lazy(async () => ({ default: (await import('@/ui/CurrencySelect')).CurrencySelect }));

type Props = { search: DashboardSearch; onSearch: (search: DashboardSearch) => void };

export function DashboardPage({ search, onSearch }: Props) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const me = useMe();
  const today = todayIn(me.time_zone);
  const period = chosenPeriod(search, today);
  const currency = search.currency ?? me.base_currency;
  const dashboard = useDashboard(period, currency);

  return (
    <Stack gap="md">
      <Group justify="space-between" align="flex-end" gap="sm">
        <div>
          <Title order={1} size="h2">
            {t('dashboard.title')}
          </Title>
          <Text c="dimmed" size="sm">
            {formatPeriod(period, locale)}
          </Text>
        </div>
        <Group gap="xs" className="dashboard-controls">
          <PeriodPicker
            value={period}
            today={today}
            onChange={(next) => next && onSearch({ ...search, from: next.from, to: next.to })}
          />
          <Suspense fallback={<div style={{ inlineSize: 100, blockSize: 36 }} />}>
            <CurrencySelect
              value={currency}
              onChange={(code) => onSearch({ ...search, currency: code === me.base_currency ? undefined : code })}
              w={100}
            />
          </Suspense>
        </Group>
      </Group>
      {dashboard.data ? (
        <Loaded dashboard={dashboard.data} period={period} baseCurrency={me.base_currency} />
      ) : dashboard.error ? (
        <ErrorState error={dashboard.error} onRetry={() => void dashboard.refetch()} />
      ) : (
        <Loading rows={3} height={120} />
      )}
    </Stack>
  );
}

type LoadedProps = { dashboard: Dashboard; period: Period; baseCurrency: string };

/** A person who has written nothing yet: not one row at all, in whichever period. */
function isNew(dashboard: Dashboard): boolean {
  return dashboard.recent.length === 0 && dashboard.totals.count === 0;
}

function Loaded({ dashboard, period, baseCurrency }: LoadedProps) {
  const { t } = useTranslation();
  if (isNew(dashboard)) {
    return (
      <EmptyState
        icon={<Logo size={56} />}
        title={t('dashboard.emptyTitle')}
        action={
          <Button size="md" leftSection={<IconPlus />} onClick={() => runCommand('quick-add')}>
            {t('add.first')}
          </Button>
        }
      >
        {t('dashboard.emptyText')}
      </EmptyState>
    );
  }
  const rows = rowsOf(period, dashboard.currency, baseCurrency);
  return (
    <Stack gap="md">
      <SummaryCards dashboard={dashboard} rows={rows} />
      <UnconvertedNote unconverted={dashboard.unconverted} />
      <div className="dashboard-grid">
        <CategoryBars dashboard={dashboard} rows={rows} period={period} />
        <MonthlyBars dashboard={dashboard} period={period} />
      </div>
      <RatesNote rates={dashboard.rates} />
      <RecentRows rows={dashboard.recent} />
    </Stack>
  );
}
