import { Button, Modal, Stack } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type EndReason, useAuth } from '@/api/auth';
import { meQuery } from '@/api/me/queries';
import { IconWarning } from '@/ui/icons';
import { Logo } from '@/ui/Logo';
import { FormProblem } from '@/ui/States';
import { useDemo, useLogout } from './queries';
import { SignInCard } from './SignInCard';

/** The sign-in card over the page that was open when the session ended. The page below stays as it is, unreadable. */
export function SignInAgain() {
  const state = useAuth();
  const { t } = useTranslation();
  const queries = useQueryClient();
  const opened = state.status === 'expired';
  const [reason, setReason] = useState<EndReason>('ended');
  const leave = useLogout();
  const me = queries.getQueryData(meQuery.queryKey);

  useEffect(() => {
    if (state.status === 'expired') setReason(state.reason);
  }, [state]);

  return (
    <Modal.Root
      opened={opened}
      onClose={() => undefined}
      closeOnEscape={false}
      closeOnClickOutside={false}
      centered
      zIndex={1000}
      size={440}
      returnFocus
    >
      <Modal.Overlay backgroundOpacity={0.4} blur={14} />
      <Modal.Content radius="lg">
        <Modal.Body p="xl">
          <Stack gap="md">
            <div className="auth-head">
              <Logo size={44} />
              <Modal.Title fz="h3" fw={650}>
                {t(me?.demo ? 'demo.endedTitle' : 'auth.againTitle')}
              </Modal.Title>
            </div>
            <p className="notice" role="alert">
              <IconWarning size={16} /> {t(`session.ended.${reason}`)}
            </p>
            {me?.demo ? <DemoAgain /> : <SignInCard again email={me?.email ?? ''} />}
            <Button variant="subtle" color="gray" onClick={() => leave.mutate()}>
              {t('auth.leave')}
            </Button>
          </Stack>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

/** A demo has no password to come back with. */
function DemoAgain() {
  const { t } = useTranslation();
  const demo = useDemo();
  return (
    <Stack>
      <Button onClick={() => demo.mutate()} loading={demo.isPending} data-autofocus>
        {t('demo.again')}
      </Button>
      <FormProblem error={demo.error} />
    </Stack>
  );
}
