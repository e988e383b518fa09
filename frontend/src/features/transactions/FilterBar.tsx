import { Button, Group, NumberInput, Popover, SegmentedControl, Select, Stack, Switch, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCategories } from '@/api/categories/queries';
import { onCommand } from '@/lib/commands';
import { useCategoryName } from '@/ui/category';
import { IconFilter, IconSearch } from '@/ui/icons';
import { PeriodPicker } from '@/ui/PeriodPicker';
import { countFilters, datesOf, type Filters, periodOf } from './filters';

type Props = { filters: Filters; onChange: (change: Partial<Filters>) => void; onClear: () => void; today: string };

export function FilterBar({ filters, onChange, onClear, today }: Props) {
  const { t } = useTranslation();
  const count = countFilters(filters);
  return (
    <Group gap="xs" className="filter-bar" role="search">
      <SearchField value={filters.q ?? ''} onChange={(q) => onChange({ q: q || undefined })} />
      <PeriodPicker value={periodOf(filters)} onChange={(period) => onChange(datesOf(period))} today={today} withAll />
      <MoreFilters filters={filters} onChange={onChange} count={count} />
      {count > 0 ? (
        <Button variant="subtle" color="gray" onClick={onClear}>
          {t('filter.clear')}
        </Button>
      ) : null}
    </Group>
  );
}

function SearchField({ value, onChange }: { value: string; onChange: (q: string) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  const field = useRef<HTMLInputElement>(null);
  const sent = useRef(value);
  const send = useDebouncedCallback((next: string) => {
    sent.current = next.trim();
    onChange(next.trim());
  }, 250);

  useEffect(() => {
    // Only a change that did not come from here, such as "back" or "clear".
    if (value !== sent.current) {
      sent.current = value;
      setText(value);
    }
  }, [value]);
  useEffect(() => onCommand('focus-search', () => field.current?.focus()), []);

  return (
    <TextInput
      ref={field}
      type="search"
      className="search-field"
      aria-label={t('filter.search')}
      placeholder={t('filter.search')}
      leftSection={<IconSearch />}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        send(event.currentTarget.value);
      }}
    />
  );
}

function MoreFilters({ filters, onChange, count }: Pick<Props, 'filters' | 'onChange'> & { count: number }) {
  const { t } = useTranslation();
  const categories = useCategories();
  const name = useCategoryName();
  const amount = useDebouncedCallback((change: Partial<Filters>) => onChange(change), 300);
  const asText = (value: string | number) => (value === '' ? undefined : String(value).replace(/\.$/, ''));
  return (
    <Popover position="bottom-start" shadow="md" width={300} trapFocus>
      <Popover.Target>
        <Button variant={count > 0 ? 'light' : 'default'} leftSection={<IconFilter />}>
          {count > 0 ? t('filter.moreCount', { count }) : t('filter.more')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('filter.more')}>
        <Stack gap="sm">
          <SegmentedControl
            fullWidth
            aria-label={t('field.type')}
            value={filters.type ?? 'all'}
            onChange={(type) => onChange({ type: type === 'expense' || type === 'income' ? type : undefined })}
            data={[
              { value: 'all', label: t('type.all') },
              { value: 'expense', label: t('type.expense') },
              { value: 'income', label: t('type.income') },
            ]}
          />
          <Select
            label={t('field.category')}
            placeholder={t('filter.anyCategory')}
            data={categories.map((category) => ({ value: category.id, label: name(category) }))}
            value={filters.category ?? null}
            onChange={(category) => onChange({ category: category ?? undefined })}
            clearable
            searchable
            comboboxProps={{ withinPortal: false }}
          />
          <Group grow>
            <NumberInput
              label={t('filter.min')}
              defaultValue={filters.min ?? ''}
              onChange={(value) => amount({ min: asText(value) })}
              min={0}
              hideControls
              allowNegative={false}
            />
            <NumberInput
              label={t('filter.max')}
              defaultValue={filters.max ?? ''}
              onChange={(value) => amount({ max: asText(value) })}
              min={0}
              hideControls
              allowNegative={false}
            />
          </Group>
          <Switch
            label={t('filter.review')}
            checked={filters.review === true}
            onChange={(event) => onChange({ review: event.currentTarget.checked ? true : undefined })}
          />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
