import { Button, Drawer, Group, Stack } from '@mantine/core';
import { type FormEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAuth } from '@/api/auth';
import { digitsOf, useCurrencies } from '@/api/currencies/queries';
import { keyed } from '@/api/idempotency';
import { usePatchTransaction, useTransaction } from '@/api/transactions/queries';
import type { Transaction } from '@/api/types';
import { useLocale } from '@/lib/i18n';
import { IconTrash } from '@/ui/icons';
import { useCategoryChanged } from '@/ui/similar';
import { ErrorState, FormProblem, Loading } from '@/ui/States';
import { checkDraft, type DraftProblems, draftOf, toPatch } from './draft';
import { draftFields, TransactionFields } from './TransactionFields';

type Props = { id: string | undefined; onClose: () => void; onDelete: (transaction: Transaction) => void };

/** One transaction at the side of the list, with everything that can be changed. */
export function EditPanel({ id, onClose, onDelete }: Props) {
  const { t } = useTranslation();
  const { direction } = useLocale();
  const signedIn = useAuth().status === 'in';
  return (
    <Drawer
      opened={id !== undefined}
      onClose={onClose}
      position={direction === 'rtl' ? 'left' : 'right'}
      title={t('edit.title')}
      closeOnEscape={signedIn}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      {id ? <Loaded key={id} id={id} onClose={onClose} onDelete={onDelete} /> : null}
    </Drawer>
  );
}

function Loaded({ id, onClose, onDelete }: Props & { id: string }) {
  const found = useTransaction(id);
  if (found.data) return <EditForm transaction={found.data} onClose={onClose} onDelete={onDelete} />;
  if (found.error) return <ErrorState error={found.error} onRetry={() => void found.refetch()} />;
  return <Loading rows={5} />;
}

type FormProps = { transaction: Transaction; onClose: () => void; onDelete: (transaction: Transaction) => void };

function EditForm({ transaction, onClose, onDelete }: FormProps) {
  const { t } = useTranslation();
  const currencies = useCurrencies();
  const patch = usePatchTransaction();
  const changed = useCategoryChanged();
  // What was shown when editing began: a change from elsewhere must not be taken for one of this form.
  const [before] = useState(transaction);
  const [draft, setDraft] = useState(() => draftOf(transaction));
  const [problems, setProblems] = useState<DraftProblems>({});
  const pending = useRef<{ text: string; key: string } | null>(null);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const checked = checkDraft(draft, digitsOf(currencies, draft.currency));
    if (!checked.ok) {
      setProblems(checked.problems);
      return;
    }
    setProblems({});
    const body = toPatch(before, draft, checked.amount);
    if (Object.keys(body).length === 0) {
      onClose();
      return;
    }
    const text = JSON.stringify(body);
    if (pending.current?.text !== text) pending.current = { text, key: keyed({}).idempotencyKey };
    patch.mutate(
      { id: before.id, body, idempotencyKey: pending.current.key },
      {
        onSuccess: ({ data, entryId }) => {
          const similar = body.category_id ? data.similar : 0;
          changed(t('edit.done', { description: draft.description.trim() }), entryId, before.id, similar);
          onClose();
        },
      },
    );
  };

  return (
    <form onSubmit={submit} noValidate aria-label={t('edit.title')}>
      <Stack>
        <TransactionFields
          draft={draft}
          onChange={(change) => setDraft((current) => ({ ...current, ...change }))}
          problems={problems}
          error={patch.error}
        />
        <FormProblem error={patch.error} fields={draftFields} />
        <Group justify="space-between">
          <Button variant="subtle" color="gray" leftSection={<IconTrash />} onClick={() => onDelete(transaction)}>
            {t('action.delete')}
          </Button>
          <Group gap="xs">
            <Button variant="default" onClick={onClose}>
              {t('action.cancel')}
            </Button>
            <Button type="submit" loading={patch.isPending}>
              {t('action.save')}
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  );
}
