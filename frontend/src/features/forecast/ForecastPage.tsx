import { Group, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useMe } from '@/api/me/queries';
import type { Forecast } from '@/api/types';
import { CurrencySelect } from '@/ui/CurrencySelect';
import { IconChart } from '@/ui/icons';
import { EmptyState, ErrorState, Loading } from '@/ui/States';
import { CategoryTable } from './CategoryTable';
import { FanSection } from './FanSection';
import { horizon, useForecast } from './queries';
import type { ForecastSearch } from './search';

type Props = { search: ForecastSearch; onSearch: (search: ForecastSearch) => void };

export function ForecastPage({ search, onSearch }: Props) {
  const { t } = useTranslation();
  const me = useMe();
  const currency = search.currency ?? me.base_currency;
  const forecast = useForecast(currency);
  return (
    <Stack gap="md">
      <Group justify="space-between" align="flex-end">
        <div>
          <Title order={1} size="h2">
            {t('forecast.title')}
          </Title>
          <Text c="dimmed" size="sm">
            {t('forecast.text', { count: horizon })}
          </Text>
        </div>
        <CurrencySelect
          value={currency}
          onChange={(code) => onSearch({ ...search, currency: code === me.base_currency ? undefined : code })}
          w={100}
        />
      </Group>
      {forecast.data ? (
        <Loaded forecast={forecast.data} search={search} onSearch={onSearch} />
      ) : forecast.error ? (
        <ErrorState error={forecast.error} onRetry={() => void forecast.refetch()} />
      ) : (
        <Loading rows={2} height={220} />
      )}
    </Stack>
  );
}

function Loaded({ forecast, search, onSearch }: Props & { forecast: Forecast }) {
  const { t } = useTranslation();
  if (forecast.months.length === 0) {
    const { needed, present } = forecast.missing ?? { needed: 3, present: 0 };
    return (
      <EmptyState icon={<IconChart size={32} />} title={t('forecast.emptyTitle')}>
        {t('forecast.empty', { count: present, needed })}
      </EmptyState>
    );
  }
  return (
    <>
      <FanSection forecast={forecast} category={search.category} />
      <CategoryTable
        forecast={forecast}
        category={search.category}
        onCategory={(category) => onSearch({ ...search, category })}
      />
    </>
  );
}
