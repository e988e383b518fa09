import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { RateUse, Unconverted } from '@/api/types';
import { useLocale } from '@/lib/i18n';
import { formatDate } from '@/lib/period';
import { IconWarning } from './icons';
import { Money } from './Money';

/** Money that is in no total, because there is no rate for it. */
export function UnconvertedNote({ unconverted }: { unconverted: Unconverted[] }) {
  const { t } = useTranslation();
  if (unconverted.length === 0) return null;
  return (
    <p className="notice" role="note">
      <IconWarning size={16} />
      <span>
        {t('rates.unconverted')}{' '}
        {unconverted.map((one, place) => (
          <span key={one.currency}>
            {place > 0 ? ' · ' : ''}
            <Money amount={one.amount} currency={one.currency} /> ({t('rates.rows', { count: one.count })})
          </span>
        ))}
      </span>
    </p>
  );
}

/** Which rates stand behind converted figures: source, currency and days. */
export function RatesNote({ rates }: { rates: RateUse[] }) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  if (rates.length === 0) return null;
  return (
    <Text size="xs" c="dimmed" component="p">
      {rates
        .map((rate) => {
          const source = rate.source.toUpperCase();
          const first = formatDate(rate.first_date, locale);
          const last = formatDate(rate.last_date, locale);
          return rate.first_date === rate.last_date
            ? t('rates.usedOn', { source, currency: rate.currency, date: first })
            : t('rates.usedBetween', { source, currency: rate.currency, first, last });
        })
        .join(' · ')}
    </Text>
  );
}
