import { Group, SegmentedControl, Stack, TagsInput, Textarea, TextInput } from '@mantine/core';
import { DateInput } from '@mantine/dates';
import type { ReactNode, RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { useCategories } from '@/api/categories/queries';
import { isProblem } from '@/api/problem';
import { CategoryPicker } from '@/ui/CategoryPicker';
import { CurrencySelect } from '@/ui/CurrencySelect';
import { useLocale } from '@/lib/i18n';
import type { Draft, DraftProblems } from './draft';

type Props = {
  draft: Draft;
  onChange: (change: Partial<Draft>) => void;
  problems: DraftProblems;
  error: unknown;
  /** Shown beside the category, e.g. what the classifier thinks. */
  suggestion?: ReactNode;
  descriptionRef?: RefObject<HTMLInputElement | null>;
};

export const draftFields = ['date', 'description', 'amount', 'currency', 'category_id', 'note', 'tags'];

export function TransactionFields({ draft, onChange, problems, error, suggestion, descriptionRef }: Props) {
  const { t } = useTranslation();
  const { language } = useLocale();
  const categories = useCategories();
  const field = (name: string) => (isProblem(error) ? error.field(name) : undefined);

  return (
    <Stack gap="md">
      <SegmentedControl
        fullWidth
        aria-label={t('field.type')}
        value={draft.kind}
        onChange={(kind) => onChange({ kind: kind === 'income' ? 'income' : 'expense' })}
        data={[
          { value: 'expense', label: t('type.expense') },
          { value: 'income', label: t('type.income') },
        ]}
      />
      <TextInput
        ref={descriptionRef}
        label={t('field.description')}
        placeholder={t('add.descriptionPlaceholder')}
        value={draft.description}
        onChange={(event) => onChange({ description: event.currentTarget.value })}
        error={problems.description ? t('field.required') : field('description')}
        maxLength={500}
        autoComplete="off"
        dir="auto"
        data-autofocus
      />
      <Group grow align="flex-start" wrap="nowrap" preventGrowOverflow={false}>
        <TextInput
          label={t('field.amount')}
          inputMode="decimal"
          placeholder="0.00"
          value={draft.amount}
          onChange={(event) => onChange({ amount: event.currentTarget.value })}
          error={problems.amount ? t(`amount.${problems.amount}`) : field('amount')}
          autoComplete="off"
          className="amount-input"
        />
        <CurrencySelect
          label={t('field.currency')}
          value={draft.currency}
          onChange={(currency) => onChange({ currency })}
          error={field('currency')}
          w={110}
          style={{ flexGrow: 0 }}
        />
      </Group>
      <DateInput
        label={t('field.date')}
        value={draft.date || null}
        onChange={(date) => onChange({ date: date ?? '' })}
        valueFormat={language === 'he' ? 'D בMMMM YYYY' : 'D MMMM YYYY'}
        error={problems.date ? t('field.required') : field('date')}
        popoverProps={{ withinPortal: true }}
      />
      <div className="category-line">
        <span className="field-label">{t('field.category')}</span>
        <Group gap="xs">
          <CategoryPicker
            categories={categories}
            value={draft.categoryId}
            onChange={(categoryId) => onChange({ categoryId })}
            label={t('field.category')}
            placeholder={t('add.automatic')}
          />
          {suggestion}
        </Group>
        {field('category_id') ? <span className="field-error">{field('category_id')}</span> : null}
      </div>
      <TagsInput
        label={t('field.tags')}
        value={draft.tags}
        onChange={(tags) => onChange({ tags })}
        maxTags={20}
        error={field('tags')}
      />
      <Textarea
        label={t('field.note')}
        value={draft.note}
        onChange={(event) => onChange({ note: event.currentTarget.value })}
        maxLength={4000}
        autosize
        minRows={1}
        maxRows={6}
        error={field('note')}
        dir="auto"
      />
    </Stack>
  );
}
