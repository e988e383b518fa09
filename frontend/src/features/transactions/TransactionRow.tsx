import { ActionIcon, Menu } from '@mantine/core';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Category, Transaction } from '@/api/types';
import { useLocale } from '@/lib/i18n';
import { isNegative } from '@/lib/money';
import { formatDate } from '@/lib/period';
import { CategoryPicker } from '@/ui/CategoryPicker';
import { IconEdit, IconTrash } from '@/ui/icons';
import { Money } from '@/ui/Money';

export type RowActions = {
  onCategory: (transaction: Transaction, categoryId: string) => void;
  onOpen: (transaction: Transaction) => void;
  onDelete: (transaction: Transaction) => void;
};

type Props = RowActions & { transaction: Transaction; categories: Category[] };

export const TransactionRow = memo(function TransactionRow(props: Props) {
  const { transaction, categories, onCategory, onOpen, onDelete } = props;
  const { t } = useTranslation();
  const { description, converted } = transaction;
  return (
    <>
      <div role="cell" className="row-description">
        <button type="button" className="row-open" onClick={() => onOpen(transaction)}>
          <bdi>{description}</bdi>
        </button>
        {transaction.review ? (
          <span className="review-badge">{t('row.review')}</span>
        ) : null}
        {transaction.tags.map((tag) => (
          <span key={tag} className="tag">
            <bdi>#{tag}</bdi>
          </span>
        ))}
      </div>
      <div role="cell" className="row-category">
        {transaction.splits.length > 0 ? (
          <span className="dimmed">{t('row.splits', { count: transaction.splits.length })}</span>
        ) : (
          <CategoryPicker
            categories={categories}
            value={transaction.category_id ?? null}
            onChange={(id) => onCategory(transaction, id)}
            label={t('row.category', { description })}
          />
        )}
      </div>
      <div role="cell" className="row-amount">
        <Money
          amount={transaction.amount}
          currency={transaction.currency}
          className={isNegative(transaction.amount) ? undefined : 'money-in'}
          variant={isNegative(transaction.amount) ? 'full' : 'signed'}
        />
        {converted ? <ConvertedAmount converted={converted} /> : null}
      </div>
      <div role="cell" className="row-actions">
        <Menu position="bottom-end" width={160}>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" aria-label={t('row.actions', { description })}>
              <span aria-hidden="true">⋯</span>
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconEdit />} onClick={() => onOpen(transaction)}>
              {t('action.edit')}
            </Menu.Item>
            <Menu.Item leftSection={<IconTrash />} onClick={() => onDelete(transaction)}>
              {t('action.delete')}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
    </>
  );
});

function ConvertedAmount({ converted }: { converted: NonNullable<Transaction['converted']> }) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const how = t('rates.one', {
    rate: converted.rate,
    date: formatDate(converted.rate_date, locale),
    source: converted.source.toUpperCase(),
  });
  return (
    <span className="row-converted" title={how}>
      ≈ <Money amount={converted.amount} currency={converted.currency} />
      <span className="visually-hidden"> {how}</span>
    </span>
  );
}
