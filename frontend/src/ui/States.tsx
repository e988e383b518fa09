/** What a page shows when it has no data to show. */
import { Alert, Button, Skeleton, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isProblem } from '@/api/problem';
import { IconWarning } from './icons';

/** Nothing for the first 150 ms: a quick answer should not flicker. */
export function Loading({ rows = 4, height = 56 }: { rows?: number; height?: number }) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div role="status" aria-label={t('state.loading')}>
      {shown ? (
        <Stack gap="sm">
          {Array.from({ length: rows }, (_, row) => (
            <Skeleton key={row} height={height} radius="md" />
          ))}
        </Stack>
      ) : null}
    </div>
  );
}

export function useProblemText(): (error: unknown) => string {
  const { t } = useTranslation();
  return (error) => {
    if (!isProblem(error)) return t('problem.unknown');
    switch (error.code) {
      case 'offline':
        return t('problem.offline');
      case 'bad_credentials':
        return t('problem.bad_credentials');
      case 'email_taken':
        return t('problem.email_taken');
      case 'password_weak':
        return t('problem.password_weak');
      case 'category_in_use':
        return t('problem.category_in_use');
      case 'undo_conflict':
        return t('problem.undo_conflict');
      case 'nothing_to_undo':
        return t('problem.nothing_to_undo');
      case 'no_session':
      case 'session_expired':
      case 'session_revoked':
        return t('problem.no_session');
      default:
        if (error.status === 429) return t('problem.throttled');
        if (error.status === 503) return t('problem.busy');
        return error.problem?.detail ?? error.problem?.title ?? t('problem.unknown');
    }
  };
}

export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation();
  const text = useProblemText();
  return (
    <Alert color="orange" variant="light" icon={<IconWarning />} title={t('state.failed')} role="alert">
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{text(error)}</Text>
        {onRetry ? (
          <Button size="xs" variant="default" onClick={onRetry}>
            {t('action.retry')}
          </Button>
        ) : null}
      </Stack>
    </Alert>
  );
}

/** One line under a form for what belongs to no single field. */
export function FormProblem({ error, fields = [] }: { error: unknown; fields?: readonly string[] }) {
  const text = useProblemText();
  if (!error || (isProblem(error) && error.hasFields(fields))) return null;
  return (
    <Alert color="orange" variant="light" icon={<IconWarning />} role="alert" p="xs">
      {text(error)}
    </Alert>
  );
}

type EmptyProps = { title: string; children?: ReactNode; action?: ReactNode; icon?: ReactNode };

export function EmptyState({ title, children, action, icon }: EmptyProps) {
  return (
    <div className="empty-state">
      {icon ? <div className="empty-icon">{icon}</div> : null}
      <Title order={2} size="h3">
        {title}
      </Title>
      {children ? <Text c="dimmed">{children}</Text> : null}
      {action}
    </div>
  );
}
