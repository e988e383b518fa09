import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useUndo } from '@/api/history/queries';
import { keyed } from '@/api/idempotency';
import { randomId } from '@/lib/id';
import { IconUndo } from './icons';
import { useProblemText } from './States';

type Props = { toastId: string; entryId: string; more: Offer | undefined; children: ReactNode };

function UndoToast({ toastId, entryId, more, children }: Props) {
  const { t } = useTranslation();
  const undo = useUndo();
  const text = useProblemText();
  const [variables] = useState(() => keyed({ entryId }));
  return (
    <Group justify="space-between" wrap={more ? 'wrap' : 'nowrap'} gap="sm">
      <Text size="sm" component="div">{undo.error ? text(undo.error) : children}</Text>
      {more ? (
        <Button
          size="xs"
          variant="default"
          className="toast-offer"
          onClick={() => {
            notifications.hide(toastId);
            more.run();
          }}
        >
          {more.label}
        </Button>
      ) : null}
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

/** What else can be done now, beside taking it back. */
export type Offer = { label: string; run: () => void };

const shownMs = 8_000;
const shownWithMoreMs = 20_000;

/** Says what was done, with the way back when the server named the entry. What asks for a decision stays longer. */
export function showDone(message: ReactNode, entryId: string | null, more?: Offer, longer = more !== undefined) {
  const id = randomId();
  notifications.show({
    id,
    message: entryId ? (
      <UndoToast toastId={id} entryId={entryId} more={more}>
        {message}
      </UndoToast>
    ) : (
      message
    ),
    autoClose: longer ? shownWithMoreMs : shownMs,
  });
}
