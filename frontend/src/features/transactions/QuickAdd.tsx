import { Button, Group, Modal, Stack } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { type FormEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAuth } from '@/api/auth';
import { useCategories } from '@/api/categories/queries';
import { digitsOf, useCurrencies } from '@/api/currencies/queries';
import { keyed } from '@/api/idempotency';
import { useMe } from '@/api/me/queries';
import { useSuggestion } from '@/api/transactions/queries';
import type { Anomaly, Transaction } from '@/api/types';
import { useLocale } from '@/lib/i18n';
import { formatMoney } from '@/lib/money';
import { todayIn } from '@/lib/period';
import { useAnomalyText } from '@/ui/anomaly';
import { useCategoryName } from '@/ui/category';
import { IconWarning } from '@/ui/icons';
import { FormProblem } from '@/ui/States';
import { showDone } from '@/ui/UndoToast';
import { checkDraft, type Draft, type DraftProblems, emptyDraft, toNew } from './draft';
import { useRecordTransaction } from './queries';
import { SuggestionChip } from './SuggestionChip';
import { draftFields, TransactionFields } from './TransactionFields';

const suggestAfterMs = 150;

/** The dialog behind "Add": one expense or income, its category suggested while typing. */
export function QuickAdd({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const signedIn = useAuth().status === 'in';
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('add.title')}
      closeOnEscape={signedIn}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <AddForm onDone={onClose} />
    </Modal>
  );
}

function AddForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const currencies = useCurrencies();
  const categories = useCategories();
  const record = useRecordTransaction();
  const done = useRecordedText();
  const [draft, setDraft] = useState<Draft>(() => emptyDraft(todayIn(me.time_zone), me.base_currency));
  const [problems, setProblems] = useState<DraftProblems>({});
  const pending = useRef<{ text: string; variables: ReturnType<typeof asVariables> } | null>(null);
  const description = useRef<HTMLInputElement>(null);
  const checked = checkDraft(draft, digitsOf(currencies, draft.currency));
  const amount = checked.ok ? checked.amount : undefined;
  const [asked] = useDebouncedValue({ description: draft.description, amount, currency: draft.currency }, suggestAfterMs);
  const suggestion = useSuggestion(asked.description, asked.amount, asked.currency).data;
  const current = asked.description === draft.description ? suggestion : undefined;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!checked.ok) {
      setProblems(checked.problems);
      return;
    }
    setProblems({});
    const body = toNew(draft, checked.amount);
    // The same form sent again after a failure is the same action and keeps its key.
    const text = JSON.stringify(body);
    if (pending.current?.text !== text) pending.current = { text, variables: asVariables(body) };
    record.mutate(pending.current.variables, {
      onSuccess: ({ data, entryId }) => {
        const said = done(data.transaction);
        if (data.anomalies.length === 0) showDone(said, entryId);
        else showDone(<WithAnomalies said={said} anomalies={data.anomalies} />, entryId, undefined, true);
        onDone();
      },
    });
  };

  return (
    <form onSubmit={submit} noValidate aria-label={t('add.title')}>
      <Stack>
        <TransactionFields
          draft={draft}
          onChange={(change) => setDraft((before) => ({ ...before, ...change }))}
          problems={problems}
          error={record.error}
          descriptionRef={description}
          suggestion={
            current ? (
              <SuggestionChip
                suggestion={current}
                categories={categories}
                applied={draft.categoryId === null || draft.categoryId === current.category_id}
                onUse={(categoryId) => setDraft((before) => ({ ...before, categoryId }))}
              />
            ) : null
          }
        />
        <FormProblem error={record.error} fields={draftFields} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            {t('action.cancel')}
          </Button>
          <Button type="submit" loading={record.isPending}>
            {t('add.submit')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** What is unusual about it, told in the moment when it can still be put right. */
function WithAnomalies({ said, anomalies }: { said: string; anomalies: Anomaly[] }) {
  const text = useAnomalyText();
  return (
    <>
      {said}
      <ul className="toast-anomalies">
        {anomalies.map((one) => (
          <li key={one.kind}>
            <IconWarning size={16} />
            <span>{text(one)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function asVariables(body: ReturnType<typeof toNew>) {
  return keyed({ body });
}

function useRecordedText() {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const categories = useCategories();
  const name = useCategoryName();
  return (transaction: Transaction) =>
    t('add.done', {
      description: transaction.description,
      amount: formatMoney(transaction.amount, transaction.currency, locale),
      category: name(categories.find((category) => category.id === transaction.category_id)),
    });
}
