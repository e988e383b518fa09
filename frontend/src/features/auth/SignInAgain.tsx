import { Button, Modal, Stack, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type EndReason, useAuth } from '@/api/auth';
import { meQuery } from '@/api/me/queries';
import { IconWarning } from '@/ui/icons';
import { FormProblem } from '@/ui/States';
import { useDemo, useLogout } from './queries';
import { SignInCard } from './SignInCard';

/** The sign-in card over the page that was open when the session ended. The page below stays as it is, unreadable. */
export function SignInAgain() {
  const state = useAuth();
  const { t } = useTranslation();
  const titleId = useId();
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
      <Modal.Content aria-labelledby={titleId} radius="lg">
        <Modal.Body p="xl">
          <Stack gap="md">
            <p className="notice" role="alert">
              <IconWarning size={16} /> {t(`session.ended.${reason}`)}
            </p>
            {me?.demo ? (
              <DemoAgain titleId={titleId} />
            ) : (
              <SignInCard again={t('auth.againTitle')} email={me?.email ?? ''} titleId={titleId} />
            )}
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
function DemoAgain({ titleId }: { titleId: string }) {
  const { t } = useTranslation();
  const demo = useDemo();
  return (
    <Stack>
      <Title order={1} size="h3" id={titleId}>
        {t('demo.endedTitle')}
      </Title>
      <Button onClick={() => demo.mutate()} loading={demo.isPending} data-autofocus>
        {t('demo.again')}
      </Button>
      <FormProblem error={demo.error} />
    </Stack>
  );
}
