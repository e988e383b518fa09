import { Button, Group, Modal, Stack, Text, VisuallyHidden } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useAuth } from '@/api/auth';
import { useSession } from '@/api/me/queries';
import type { Session } from '@/api/types';
import { useInactivity } from './useInactivity';

/** Keeps the session alive while somebody is there, and warns before it ends. */
export function SessionGuard({ onLogout }: { onLogout: () => void }) {
  const state = useAuth();
  const session = useSession().data;
  if (state.status !== 'in' || !session) return null;
  return <Guard key={session.id} session={session} onLogout={onLogout} />;
}

/** Spoken rarely enough to be heard to the end. */
function spokenSeconds(left: number): number {
  if (left > 10) return Math.ceil(left / 15) * 15;
  return left > 5 ? 10 : 5;
}

function Guard({ session, onLogout }: { session: Session; onLogout: () => void }) {
  const { t } = useTranslation();
  const { warning, stay } = useInactivity(session);
  const left = warning?.left ?? 0;
  return (
    <Modal
      opened={warning !== null}
      onClose={stay}
      title={t('session.warningTitle')}
      centered
      zIndex={900}
      closeOnClickOutside={false}
      withCloseButton={false}
      transitionProps={{ duration: 0 }}
    >
      <Stack>
        <Text>{t('session.warningText')}</Text>
        <Text className="countdown" role="timer" aria-label={t('session.left', { count: left })}>
          <span aria-hidden="true">
            {Math.floor(left / 60)}:{String(left % 60).padStart(2, '0')}
          </span>
        </Text>
        <VisuallyHidden aria-live="assertive" role="status">
          {t('session.left', { count: spokenSeconds(left) })}
        </VisuallyHidden>
        <Group justify="flex-end">
          <Button variant="default" onClick={onLogout}>
            {t('auth.logout')}
          </Button>
          <Button onClick={stay} data-autofocus>
            {t('session.stay')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
