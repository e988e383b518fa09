import { Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Health, HealthPart } from '@/api/types';
import { useLocale } from '@/lib/i18n';
import { formatCount, formatNumber, formatPercent } from '@/lib/money';
import { Section } from '@/ui/Section';
import { ErrorState, Loading } from '@/ui/States';
import { useHealth } from './queries';

export function HealthSection({ currency }: { currency: string }) {
  const { t } = useTranslation();
  const health = useHealth(currency);
  return (
    <Section title={t('health.title')}>
      {health.isPending ? <Loading rows={2} height={72} /> : null}
      {health.error && !health.data ? (
        <ErrorState error={health.error} onRetry={() => void health.refetch()} />
      ) : null}
      {health.data ? <Loaded health={health.data} /> : null}
    </Section>
  );
}

function Loaded({ health }: { health: Health }) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  return (
    <div className="health">
      {health.score === null ? (
        <div>
          <Text fw={600}>{t('health.none')}</Text>
          <Text c="dimmed" size="sm">
            {t('health.noneText')}
          </Text>
        </div>
      ) : (
        <div className="health-score">
          <span className="figure-label">{t('health.scoreLabel')}</span>
          <bdi className="health-figure">{t('health.score', { score: formatCount(Math.round(health.score), locale) })}</bdi>
        </div>
      )}
      <Missing health={health} />
      <ul className="health-parts" aria-label={t('health.title')}>
        {health.parts.map((part) => (
          <Part key={part.name} part={part} />
        ))}
      </ul>
      <Action health={health} />
    </div>
  );
}

const lacks = {
  income: 'health.lacks.income',
  spending: 'health.lacks.spending',
  months: 'health.lacks.months',
  balance: 'health.lacks.balance',
  recurring: 'health.lacks.recurring',
  savings_rate: 'health.part.savings_rate',
  reserve: 'health.part.reserve',
  fixed_costs: 'health.part.fixed_costs',
  volatility: 'health.part.volatility',
} as const;

function isLack(name: string): name is keyof typeof lacks {
  return name in lacks;
}

function Missing({ health }: { health: Health }) {
  const { t } = useTranslation();
  if (health.missing.length === 0) return null;
  const names = new Set(health.missing.map((name) => t(isLack(name) ? lacks[name] : 'health.lacks.other')));
  return (
    <Text size="sm">
      {t(health.score === null ? 'health.needs' : 'health.without')} {[...names].join(' · ')}
    </Text>
  );
}

function useMeasure() {
  const { t } = useTranslation();
  const { locale } = useLocale();
  return (value: number, unit: HealthPart['unit']) =>
    unit === 'percent'
      ? formatPercent(value, locale)
      : t('health.months', { count: value, figure: formatNumber(value, locale, 1) });
}

function Part({ part }: { part: HealthPart }) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const measure = useMeasure();
  // Its points say how near the target is; its weight, how much of the score that is.
  const most = part.weight * 100;
  const share = Math.min(1, Math.max(0, (part.points ?? 0) / 100));
  return (
    <li>
      <span className="health-line">
        <span className="recent-description">{t(`health.part.${part.name}`)}</span>
        <bdi>{part.value === null ? t('health.unknown') : measure(part.value, part.unit)}</bdi>
      </span>
      <span className="bar-track" aria-hidden="true">
        <span style={{ inlineSize: `${share * 100}%`, backgroundColor: 'var(--accent)' }} />
      </span>
      <span className="health-line small dimmed">
        <span>{t(`health.about.${part.name}`, { target: measure(part.target, part.unit) })}</span>
        {part.points === null ? null : (
          <span>
            {t('health.points', {
              points: formatNumber(share * most, locale, 1),
              most: formatNumber(most, locale, 1),
            })}
          </span>
        )}
      </span>
    </li>
  );
}

function Action({ health }: { health: Health }) {
  const { t } = useTranslation();
  const measure = useMeasure();
  const { action } = health;
  const part = health.parts.find((one) => one.name === action?.part);
  if (!action || !part) return null;
  return (
    <div className="notice" role="note">
      <div>
        <Title order={3} size="h6">
          {t('health.actionTitle')}
        </Title>
        <Text size="sm">
          {t(`health.action.${action.part}`, { target: measure(part.target, part.unit) })}{' '}
          {t('health.gain', { count: Math.round(action.gain) })}
        </Text>
      </div>
    </div>
  );
}
