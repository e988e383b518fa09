import { Badge, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMe } from '@/api/me/queries';
import type { ModelVersion } from '@/api/types';
import { useLocale } from '@/lib/i18n';
import { formatCount, formatPercent } from '@/lib/money';
import { formatInstant } from '@/lib/period';
import { Section } from '@/ui/Section';
import { ErrorState, FormProblem, Loading } from '@/ui/States';
import { useClassifier, useRollBack } from './queries';

export function ClassifierHistory() {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const me = useMe();
  const classifier = useClassifier();
  const [asked, setAsked] = useState<ModelVersion | null>(null);
  return (
    <Section title={t('classifier.history')} text={t('classifier.historyText')}>
      {classifier.isPending ? <Loading rows={2} /> : null}
      {classifier.error && !classifier.data ? (
        <ErrorState error={classifier.error} onRetry={() => void classifier.refetch()} />
      ) : null}
      <ul className="plain-list" aria-label={t('classifier.history')}>
        {classifier.data?.history.map((one) => (
          <li key={one.number}>
            <Stack gap={2}>
              <Group gap="xs">
                <Text fw={600}>
                  <bdi>{one.version}</bdi>
                </Text>
                {one.serving ? <Badge variant="light">{t('classifier.serving')}</Badge> : null}
              </Group>
              <Text size="sm" c="dimmed">
                {one.trained_at ? formatInstant(one.trained_at, locale, me.time_zone) : t('classifier.builtin')} ·{' '}
                {t('classifier.accuracy')}: {formatPercent(one.accuracy * 100, locale, 1)} · {t('classifier.samples')}:{' '}
                {formatCount(one.samples, locale)}
              </Text>
            </Stack>
            {me.role === 'admin' && !one.serving ? (
              <Button
                size="xs"
                variant="default"
                onClick={() => setAsked(one)}
                aria-label={t('classifier.rollBackTo', { version: one.version })}
              >
                {t('classifier.rollBack')}
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
      <Modal
        opened={asked !== null}
        onClose={() => setAsked(null)}
        title={t('classifier.rollBackTitle', { version: asked?.version ?? '' })}
        closeButtonProps={{ 'aria-label': t('action.close') }}
      >
        {asked ? <RollBack to={asked} onDone={() => setAsked(null)} /> : null}
      </Modal>
    </Section>
  );
}

function RollBack({ to, onDone }: { to: ModelVersion; onDone: () => void }) {
  const { t } = useTranslation();
  const rollBack = useRollBack();
  return (
    <Stack>
      <Text>{t('classifier.rollBackText')}</Text>
      <FormProblem error={rollBack.error} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onDone}>
          {t('action.cancel')}
        </Button>
        <Button
          loading={rollBack.isPending}
          onClick={() =>
            rollBack.mutate(to.number, {
              onSuccess: () => {
                notifications.show({ message: t('classifier.rolledBack', { version: to.version }) });
                onDone();
              },
            })
          }
        >
          {t('classifier.rollBack')}
        </Button>
      </Group>
    </Stack>
  );
}
