import { Badge, Button, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useMe } from '@/api/me/queries';
import { useLocale } from '@/lib/i18n';
import { formatInstant } from '@/lib/period';
import { Section } from '@/ui/Section';
import { ErrorState, FormProblem, Loading } from '@/ui/States';
import { useEndOtherSessions, useEndSession, useSessions } from './queries';

export function SessionsSection() {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const me = useMe();
  const sessions = useSessions();
  const end = useEndSession();
  const endOthers = useEndOtherSessions();
  const others = sessions.data?.some((session) => !session.current) ?? false;
  return (
    <Section title={t('settings.sessions')} text={t('settings.sessionsText')}>
      {sessions.isPending ? <Loading rows={2} /> : null}
      {sessions.error && !sessions.data ? (
        <ErrorState error={sessions.error} onRetry={() => void sessions.refetch()} />
      ) : null}
      <ul className="plain-list" aria-label={t('settings.sessions')}>
        {sessions.data?.map((session) => (
          <li key={session.id}>
            <Stack gap={2}>
              <Group gap="xs">
                <Text fw={600}>
                  <bdi>{session.device}</bdi>
                </Text>
                {session.current ? <Badge variant="light">{t('settings.thisSession')}</Badge> : null}
              </Group>
              <Text size="sm" c="dimmed">
                <bdi>{session.address}</bdi> ·{' '}
                {t('settings.lastSeen', { time: formatInstant(session.last_seen_at, locale, me.time_zone) })}
              </Text>
            </Stack>
            {session.current ? null : (
              <Button
                size="xs"
                variant="default"
                onClick={() => end.mutate(session.id)}
                aria-label={t('settings.endOne', { device: session.device })}
              >
                {t('settings.end')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <FormProblem error={end.error ?? endOthers.error} />
      {others ? (
        <Group mt="sm">
          <Button variant="default" onClick={() => endOthers.mutate()} loading={endOthers.isPending}>
            {t('settings.endOthers')}
          </Button>
        </Group>
      ) : null}
    </Section>
  );
}
