import { Button, Group, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMe } from '@/api/me/queries';
import { useLocale } from '@/lib/i18n';
import { formatCount, formatPercent } from '@/lib/money';
import { formatInstant } from '@/lib/period';
import { Section } from '@/ui/Section';
import { ErrorState, FormProblem, Loading } from '@/ui/States';
import { useClassifier, useRetrain } from './queries';

/** What serves now. The page behind the link has the rest. */
export function ClassifierSection({ whole = false }: { whole?: boolean }) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const me = useMe();
  const classifier = useClassifier();
  const retrain = useRetrain();
  const facts = classifier.data;
  const last = facts?.last_training;
  return (
    <Section title={t('classifier.title')} text={t('classifier.text')}>
      {classifier.isPending ? <Loading rows={1} height={72} /> : null}
      {classifier.error && !facts ? (
        <ErrorState error={classifier.error} onRetry={() => void classifier.refetch()} />
      ) : null}
      {facts ? (
        <dl className="facts">
          <Fact term={t('classifier.version')} value={String(facts.version)} />
          <Fact term={t('classifier.samples')} value={formatCount(facts.samples, locale)} />
          <Fact
            term={t('classifier.accuracy')}
            value={facts.accuracy == null ? t('classifier.unknown') : formatPercent(facts.accuracy * 100, locale, 1)}
          />
          <Fact
            term={t('classifier.trained')}
            value={
              facts.trained_at ? formatInstant(facts.trained_at, locale, me.time_zone) : t('classifier.neverTrained')
            }
          />
        </dl>
      ) : null}
      {facts?.status === 'training' ? (
        <Text size="sm" mt="xs" role="status">
          {t('classifier.training')}
        </Text>
      ) : null}
      {last ? (
        <Text size="sm" c="dimmed" mt="xs">
          {t(outcomeKey(last.outcome), { time: formatInstant(last.at, locale, me.time_zone) })}
          {last.reason ? (
            <>
              {' · '}
              <bdi>{last.reason}</bdi>
            </>
          ) : null}
        </Text>
      ) : null}
      <FormProblem error={retrain.error} />
      {whole ? null : (
        <Link to="/settings/classifier" className="plain-link">
          {t('classifier.more')}
        </Link>
      )}
      {whole && me.role === 'admin' ? (
        <Group mt="sm">
          <Button variant="default" onClick={() => retrain.mutate()} loading={retrain.isPending}>
            {t('classifier.retrain')}
          </Button>
          {retrain.isSuccess ? (
            <Text size="sm" role="status">
              {t('classifier.started')}
            </Text>
          ) : null}
        </Group>
      ) : null}
    </Section>
  );
}

function outcomeKey(outcome: string) {
  switch (outcome) {
    case 'promoted':
      return 'classifier.promoted';
    case 'rejected':
      return 'classifier.rejected';
    default:
      return 'classifier.failed';
  }
}

function Fact({ term, value }: { term: string; value: string }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{value}</dd>
    </div>
  );
}
