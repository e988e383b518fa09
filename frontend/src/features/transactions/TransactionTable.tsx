import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Category, Transaction } from '@/api/types';
import { useLocale } from '@/lib/i18n';
import { formatDay } from '@/lib/period';
import { type RowActions, TransactionRow } from './TransactionRow';

type Props = RowActions & {
  rows: Transaction[];
  /** How many rows the whole filter has. */
  total: number;
  categories: Category[];
  hasMore: boolean;
  loadingMore: boolean;
  onMore: () => void;
};

type Item = { kind: 'day'; date: string } | { kind: 'row'; transaction: Transaction; index: number };

function withDays(rows: Transaction[]): Item[] {
  const items: Item[] = [];
  let day = '';
  rows.forEach((transaction, index) => {
    if (transaction.date !== day) {
      day = transaction.date;
      items.push({ kind: 'day', date: day });
    }
    items.push({ kind: 'row', transaction, index });
  });
  return items;
}

/** Draws only the rows on the screen, under a header for each day, and asks for more near the end. */
export function TransactionTable(props: Props) {
  const { rows, total, categories, hasMore, loadingMore, onMore, ...actions } = props;
  const { t } = useTranslation();
  const { locale } = useLocale();
  const list = useRef<HTMLDivElement>(null);
  const [offset, setOffset] = useState(0);
  const items = useMemo(() => withDays(rows), [rows]);

  useLayoutEffect(() => {
    const measure = () => {
      if (list.current) setOffset(list.current.getBoundingClientRect().top + window.scrollY);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);

  const virtualizer = useWindowVirtualizer({
    count: items.length,
    estimateSize: (index) => (items[index]?.kind === 'day' ? 40 : 52),
    overscan: 12,
    scrollMargin: offset,
    getItemKey: (index) => {
      const item = items[index];
      if (!item) return index;
      return item.kind === 'day' ? `day-${item.date}` : item.transaction.id;
    },
  });
  const shown = virtualizer.getVirtualItems();
  const lastShown = shown.at(-1)?.index ?? 0;

  useEffect(() => {
    if (hasMore && !loadingMore && lastShown >= items.length - 15) onMore();
  }, [hasMore, loadingMore, lastShown, items.length, onMore]);

  return (
    <div role="table" aria-label={t('transactions.title')} aria-rowcount={total} className="transactions" ref={list}>
      <div role="rowgroup" style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
        {shown.map((place) => {
          const item = items[place.index];
          if (!item) return null;
          const style = { transform: `translateY(${place.start - virtualizer.options.scrollMargin}px)` };
          return item.kind === 'day' ? (
            <div
              key={place.key}
              ref={virtualizer.measureElement}
              data-index={place.index}
              role="row"
              className="day-row"
              style={style}
            >
              <span role="rowheader">{formatDay(item.date, locale)}</span>
            </div>
          ) : (
            <div
              key={place.key}
              ref={virtualizer.measureElement}
              data-index={place.index}
              role="row"
              aria-rowindex={item.index + 1}
              className="transaction-row"
              style={style}
            >
              <TransactionRow transaction={item.transaction} categories={categories} {...actions} />
            </div>
          );
        })}
      </div>
    </div>
  );
}
