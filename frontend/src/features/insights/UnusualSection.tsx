import { Button, Text, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { keyed } from '@/api/idempotency';
import type { Anomaly, Pattern } from '@/api/types';
import { isolate, useLocale } from '@/lib/i18n';
import { formatDate } from '@/lib/period';
import { useAnomalyText } from '@/ui/anomaly';
import { IconCheck } from '@/ui/icons';
import { Section } from '@/ui/Section';
import { ErrorState, Loading, useProblemText } from '@/ui/States';
import { showDone } from '@/ui/UndoToast';
import { useAnomalies, useSilence } from './queries';

export function UnusualSection() {
  const { t } = useTranslation();
  const anomalies = useAnomalies();
  const tell = useTell();
  return (
    <Section title={t('insights.unusual')} text={t('insights.unusualText')}>
      {anomalies.isPending ? <Loading rows={3} height={64} /> : null}
      {anomalies.error && !anomalies.data ? (
        <ErrorState error={anomalies.error} onRetry={() => void anomalies.refetch()} />
      ) : null}
      {anomalies.data?.data.length === 0 ? <Text>{t('insights.nothing')}</Text> : null}
      <ul className="plain-list" aria-label={t('insights.unusual')}>
        {anomalies.data?.data.map((one) => (
          <UnusualRow key={`${one.kind} ${one.merchant} ${one.transaction_id ?? one.date}`} anomaly={one} onFine={() => tell(one, true)} />
        ))}
      </ul>
      {anomalies.data && anomalies.data.silenced.length > 0 ? (
        <Silenced patterns={anomalies.data.silenced} onTell={(pattern) => tell(pattern, false)} />
      ) : null}
    </Section>
  );
}

function UnusualRow({ anomaly, onFine }: { anomaly: Anomaly; onFine: () => void }) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const text = useAnomalyText();
  const kind = t(`anomaly.kind.${anomaly.kind}`);
  return (
    <li className="unusual-row">
      <div className="unusual-text">
        <span className="unusual-head">
          <span className="review-badge">{kind}</span>
          <span className="dimmed">{formatDate(anomaly.date, locale)}</span>
        </span>
        <span>{text(anomaly)}</span>
        <span className="unusual-links">
          {anomaly.transaction_id ? (
            <Link to="/transactions" search={{ open: anomaly.transaction_id }}>
              {t('insights.toRow')}
            </Link>
          ) : null}
          {anomaly.twin_id ? (
            <Link to="/transactions" search={{ open: anomaly.twin_id }}>
              {t('insights.toTwin')}
            </Link>
          ) : null}
        </span>
      </div>
      <Button
        size="xs"
        variant="default"
        leftSection={<IconCheck size={14} />}
        onClick={onFine}
        aria-label={t('insights.fineFor', { kind, merchant: anomaly.merchant })}
      >
        {t('insights.fine')}
      </Button>
    </li>
  );
}

function Silenced({ patterns, onTell }: { patterns: Pattern[]; onTell: (pattern: Pattern) => void }) {
  const { t } = useTranslation();
  return (
    <>
      <Title order={3} size="h5" mt="md">
        {t('insights.silencedTitle')}
      </Title>
      <ul className="plain-list" aria-label={t('insights.silencedTitle')}>
        {patterns.map((pattern) => {
          const kind = t(`anomaly.kind.${pattern.kind}`);
          return (
            <li key={`${pattern.kind} ${pattern.merchant}`}>
              <span>
                {kind} · <bdi>{pattern.merchant}</bdi>
              </span>
              <Button
                size="xs"
                variant="subtle"
                onClick={() => onTell(pattern)}
                aria-label={t('insights.tellAgainFor', { kind, merchant: pattern.merchant })}
              >
                {t('insights.tellAgain')}
              </Button>
            </li>
          );
        })}
      </ul>
    </>
  );
}

function useTell() {
  const { t } = useTranslation();
  const text = useProblemText();
  const { mutateAsync: silence } = useSilence();
  return ({ kind, merchant }: Pattern, silent: boolean) => {
    const said = { kind: t(`anomaly.kind.${kind}`), merchant: isolate(merchant) };
    silence(keyed({ pattern: { kind, merchant }, silent })).then(
      ({ entry_id }) => showDone(t(silent ? 'insights.silenced' : 'insights.telling', said), entry_id),
      (error: unknown) => notifications.show({ message: text(error), color: 'orange' }),
    );
  };
}
