import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useUndo } from '@/api/history/queries';
import { keyed } from '@/api/idempotency';
import { randomId } from '@/lib/id';
import { IconUndo } from './icons';
import { useProblemText } from './States';

type Props = { toastId: string; entryId: string; children: ReactNode };

function UndoToast({ toastId, entryId, children }: Props) {
  const { t } = useTranslation();
  const undo = useUndo();
  const text = useProblemText();
  const [variables] = useState(() => keyed({ entryId }));
  return (
    <Group justify="space-between" wrap="nowrap" gap="sm">
      <Text size="sm">{undo.error ? text(undo.error) : children}</Text>
      <Button
        size="xs"
        variant="light"
        leftSection={<IconUndo size={14} />}
        loading={undo.isPending}
        onClick={() =>
          undo.mutate(variables, {
            onSuccess: () => notifications.update({ id: toastId, message: t('undo.done'), autoClose: 3000 }),
          })
        }
      >
        {t('action.undo')}
      </Button>
    </Group>
  );
}

/** Says what was done, with the way back when the server named the entry. */
export function showDone(message: ReactNode, entryId: string | null) {
  const id = randomId();
  notifications.show({
    id,
    message: entryId ? (
      <UndoToast toastId={id} entryId={entryId}>
        {message}
      </UndoToast>
    ) : (
      message
    ),
    autoClose: 8000,
  });
}
