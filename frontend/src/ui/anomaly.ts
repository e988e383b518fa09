/** Says in the reader's language what is unusual about a payment, from its fields. */
import { useTranslation } from 'react-i18next';
import { useCategories } from '@/api/categories/queries';
import type { Anomaly } from '@/api/types';
import { isolate, useLocale } from '@/lib/i18n';
import { absolute, formatCount, formatMoney, formatPercent } from '@/lib/money';
import { formatDate } from '@/lib/period';
import { useCategoryName } from './category';

export type Sentence = { key: SentenceKey; count?: number };

type SentenceKey =
  | 'anomaly.amount.merchant'
  | 'anomaly.amount.category'
  | 'anomaly.amount.plain'
  | 'anomaly.duplicate'
  | 'anomaly.sameDay'
  | 'anomaly.first_time'
  | 'anomaly.firstPlain'
  | 'anomaly.price_rise'
  | 'anomaly.risePlain'
  | 'anomaly.missing';

/** Which sentence fits: one that needs a figure is chosen only when the figure is there. */
export function sentenceOf(anomaly: Anomaly): Sentence {
  switch (anomaly.kind) {
    case 'amount':
      if (anomaly.usual === null) return { key: 'anomaly.amount.plain' };
      return { key: anomaly.against === 'category' ? 'anomaly.amount.category' : 'anomaly.amount.merchant' };
    case 'duplicate':
      return anomaly.days ? { key: 'anomaly.duplicate', count: anomaly.days } : { key: 'anomaly.sameDay' };
    case 'first_time':
      return { key: anomaly.usual === null ? 'anomaly.firstPlain' : 'anomaly.first_time' };
    case 'price_rise':
      return { key: anomaly.usual === null || anomaly.percent === null ? 'anomaly.risePlain' : 'anomaly.price_rise' };
    case 'missing':
      return { key: 'anomaly.missing' };
  }
}

/** A distance that is worth a sentence of its own; a price that never moved has none. */
export function deviationsOf(anomaly: Anomaly): number | null {
  const { kind, usual, deviations } = anomaly;
  if (kind !== 'amount' || usual === null || deviations === null || !Number.isFinite(deviations)) return null;
  return Math.abs(deviations) >= 1.5 ? Math.round(Math.abs(deviations)) : null;
}

export function useAnomalyText(): (anomaly: Anomaly) => string {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const categories = useCategories();
  const name = useCategoryName();
  return (anomaly) => {
    const money = (amount: string) => isolate(formatMoney(absolute(amount), anomaly.currency, locale));
    const { key, count } = sentenceOf(anomaly);
    const sentence = t(key, {
      count: count ?? 1,
      merchant: isolate(anomaly.merchant),
      amount: money(anomaly.amount),
      usual: money(anomaly.usual ?? anomaly.amount),
      category: name(categories.find((category) => category.id === anomaly.category_id)),
      percent: isolate(formatPercent(anomaly.percent ?? 0, locale, 1)),
      date: formatDate(anomaly.date, locale),
    });
    const times = deviationsOf(anomaly);
    return times === null ? sentence : `${sentence} ${t('anomaly.deviations', { times: formatCount(times, locale) })}`;
  };
}
