import { Button, Group, Stack, Title } from '@mantine/core';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useCategories } from '@/api/categories/queries';
import { keyed } from '@/api/idempotency';
import { useMe } from '@/api/me/queries';
import { usePatchTransaction } from '@/api/transactions/queries';
import type { Transaction } from '@/api/types';
import { runCommand } from '@/lib/commands';
import { todayIn } from '@/lib/period';
import { useCategoryName } from '@/ui/category';
import { IconList, IconPlus } from '@/ui/icons';
import { useCategoryChanged } from '@/ui/similar';
import { EmptyState, ErrorState, Loading, useProblemText } from '@/ui/States';
import { notifications } from '@mantine/notifications';
import { showDone } from '@/ui/UndoToast';
import { EditPanel } from './EditPanel';
import { FilterBar } from './FilterBar';
import { countFilters, type Filters } from './filters';
import { useDeleteTransaction, useTransactions } from './queries';
import { Totals } from './Totals';
import { TransactionTable } from './TransactionTable';

type Props = {
  filters: Filters;
  /** Writes the filter into the URL; `replace` keeps typing out of the browser's history. */
  onFilters: (filters: Filters, replace: boolean) => void;
};

export function TransactionsPage({ filters, onFilters }: Props) {
  const { t } = useTranslation();
  const me = useMe();
  const categories = useCategories();
  const actions = useRowActions(categories);
  const list = useTransactions(filters, me.base_currency);
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.data) ?? [], [list.data]);
  const totals = list.data?.pages.at(-1)?.totals;
  const { fetchNextPage } = list;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const narrowed = countFilters(filters) > 0 || filters.from !== undefined;

  const change = (changed: Partial<Filters>) => onFilters({ ...filters, ...changed }, 'q' in changed);
  const close = () => onFilters({ ...filters, open: undefined }, false);
  const open = useCallback((row: Transaction) => onFilters({ ...filters, open: row.id }, false), [filters, onFilters]);
  const clear = () => onFilters({ from: filters.from, to: filters.to, in: filters.in }, false);

  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Title order={1} size="h2">
          {t('transactions.title')}
        </Title>
      </Group>
      <FilterBar filters={filters} onChange={change} onClear={clear} today={todayIn(me.time_zone)} />
      {list.error && !list.data ? <ErrorState error={list.error} onRetry={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading rows={8} height={44} /> : null}
      {totals ? <Totals totals={totals} /> : null}
      {list.data && rows.length === 0 ? (
        <EmptyState
          icon={<IconList size={32} />}
          title={narrowed ? t('transactions.noMatch') : t('transactions.empty')}
          action={
            narrowed ? (
              <Button variant="default" onClick={() => onFilters({}, false)}>
                {t('filter.clearAll')}
              </Button>
            ) : (
              <Button leftSection={<IconPlus />} onClick={() => runCommand('quick-add')}>
                {t('add.first')}
              </Button>
            )
          }
        >
          {narrowed ? t('transactions.noMatchText') : t('transactions.emptyText')}
        </EmptyState>
      ) : null}
      {rows.length > 0 ? (
        <TransactionTable
          rows={rows}
          total={totals?.count ?? rows.length}
          categories={categories}
          hasMore={list.hasNextPage}
          loadingMore={list.isFetchingNextPage}
          onMore={more}
          onCategory={actions.changeCategory}
          onDelete={actions.remove}
          onOpen={open}
        />
      ) : null}
      <EditPanel
        id={filters.open}
        onClose={close}
        onDelete={(row) => {
          actions.remove(row);
          close();
        }}
      />
    </Stack>
  );
}

function useRowActions(categories: ReturnType<typeof useCategories>) {
  const { t } = useTranslation();
  const name = useCategoryName();
  const text = useProblemText();
  const changed = useCategoryChanged();
  const { mutateAsync: patch } = usePatchTransaction();
  const { mutateAsync: del } = useDeleteTransaction();
  const failed = (error: unknown) => notifications.show({ message: text(error), color: 'orange' });

  return {
    changeCategory(row: Transaction, category_id: string) {
      const category = name(categories.find((one) => one.id === category_id));
      patch(keyed({ id: row.id, body: { category_id } })).then(
        ({ data, entryId }) =>
          changed(t('row.learned', { description: row.description, category }), entryId, row.id, data.similar),
        failed,
      );
    },
    remove(row: Transaction) {
      del(keyed({ id: row.id })).then(
        ({ entryId }) => showDone(t('row.deleted', { description: row.description }), entryId),
        failed,
      );
    },
  };
}
