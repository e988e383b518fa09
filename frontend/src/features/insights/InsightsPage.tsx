import { Group, Stack, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useMe } from '@/api/me/queries';
import { CurrencySelect } from '@/ui/CurrencySelect';
import { HealthSection } from './HealthSection';
import { RecurringSection } from './RecurringSection';
import { UnusualSection } from './UnusualSection';

type Props = { currency: string | undefined; onCurrency: (currency: string | undefined) => void };

/** What the book shows by itself: the unusual, the recurring, and how things stand. */
export function InsightsPage({ currency, onCurrency }: Props) {
  const { t } = useTranslation();
  const me = useMe();
  const shown = currency ?? me.base_currency;
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Title order={1} size="h2">
          {t('insights.title')}
        </Title>
        <CurrencySelect
          value={shown}
          onChange={(code) => onCurrency(code === me.base_currency ? undefined : code)}
          w={100}
        />
      </Group>
      <UnusualSection />
      <HealthSection currency={shown} />
      <RecurringSection currency={shown} />
    </Stack>
  );
}
