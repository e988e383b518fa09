import { Button, Checkbox, Group, Modal, ScrollArea, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAuth } from '@/api/auth';
import { useCategories } from '@/api/categories/queries';
import { type Keyed, keyed } from '@/api/idempotency';
import { similarQuery, useApplySimilar } from '@/api/transactions/queries';
import type { Transaction } from '@/api/types';
import { useLocale } from '@/lib/i18n';
import { formatMoney } from '@/lib/money';
import { formatDate } from '@/lib/period';
import { CategoryChip } from './CategoryChip';
import { useCategoryName } from './category';
import { Money } from './Money';
import { useOfferedSimilar } from './similar';
import { ErrorState, FormProblem, Loading } from './States';
import { showDone } from './UndoToast';

/** Past rows of the same merchant, each with a tick, to be given one category together. */
export default function SimilarDialog() {
  const { t } = useTranslation();
  const { id, close } = useOfferedSimilar();
  const signedIn = useAuth().status === 'in';
  return (
    <Modal
      opened={id !== null}
      onClose={close}
      title={t('similar.title')}
      size="lg"
      closeOnEscape={signedIn}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      {id ? <Loaded key={id} id={id} onDone={close} /> : null}
    </Modal>
  );
}

function Loaded({ id, onDone }: { id: string; onDone: () => void }) {
  const { t } = useTranslation();
  const found = useQuery(similarQuery(id));
  if (found.error) return <ErrorState error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Loading rows={4} height={36} />;
  const { data: rows, category_id: to, merchant } = found.data;
  if (to === null || rows.length === 0) return <Text>{t('similar.none')}</Text>;
  return <Choice id={id} rows={rows} to={to} merchant={merchant} onDone={onDone} />;
}

type ChoiceProps = { id: string; rows: Transaction[]; to: string; merchant: string; onDone: () => void };

function Choice({ id, rows, to, merchant, onDone }: ChoiceProps) {
  const { t } = useTranslation();
  const categories = useCategories();
  const name = useCategoryName();
  const apply = useApplySimilar();
  // Only what was unticked is kept: a row that arrives while the dialog is open is ticked like the others.
  const [without, setWithout] = useState<ReadonlySet<string>>(new Set());
  const pending = useRef<{ text: string; variables: Keyed<{ id: string; ids: string[] }> } | null>(null);
  const ids = rows.filter((row) => !without.has(row.id)).map((row) => row.id);
  const category = name(categories.find((one) => one.id === to));

  const submit = () => {
    const text = ids.join();
    if (pending.current?.text !== text) pending.current = { text, variables: keyed({ id, ids }) };
    apply.mutate(pending.current.variables, {
      onSuccess: ({ changed, entry_id }) => {
        showDone(t('similar.done', { count: changed, category }), entry_id);
        onDone();
      },
    });
  };
  const toggle = (row: string) =>
    setWithout((before) => {
      const after = new Set(before);
      if (!after.delete(row)) after.add(row);
      return after;
    });

  return (
    <Stack gap="sm">
      <Text size="sm">{t('similar.text', { merchant, category })}</Text>
      <Checkbox
        label={t('similar.all')}
        checked={ids.length === rows.length}
        indeterminate={ids.length > 0 && ids.length < rows.length}
        onChange={(event) => setWithout(event.currentTarget.checked ? new Set() : new Set(rows.map((row) => row.id)))}
      />
      <ScrollArea.Autosize mah={320} type="auto">
        <ul className="plain-list similar-rows" aria-label={t('similar.title')}>
          {rows.map((row) => (
            <SimilarRow key={row.id} row={row} checked={!without.has(row.id)} onToggle={() => toggle(row.id)} />
          ))}
        </ul>
      </ScrollArea.Autosize>
      <FormProblem error={apply.error} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onDone}>
          {t('action.cancel')}
        </Button>
        <Button onClick={submit} loading={apply.isPending} disabled={ids.length === 0} data-autofocus>
          {t('similar.apply', { count: ids.length })}
        </Button>
      </Group>
    </Stack>
  );
}

function SimilarRow({ row, checked, onToggle }: { row: Transaction; checked: boolean; onToggle: () => void }) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const categories = useCategories();
  return (
    <li>
      <Checkbox
        checked={checked}
        onChange={onToggle}
        aria-label={t('similar.row', {
          description: row.description,
          date: formatDate(row.date, locale),
          amount: formatMoney(row.amount, row.currency, locale),
        })}
        label={
          <span className="similar-text">
            <bdi>{row.description}</bdi>
            <span className="recent-about">
              <span className="dimmed">{formatDate(row.date, locale)}</span>
              <CategoryChip category={categories.find((category) => category.id === row.category_id)} />
            </span>
          </span>
        }
      />
      <Money amount={row.amount} currency={row.currency} />
    </li>
  );
}
