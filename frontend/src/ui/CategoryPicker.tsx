import { Combobox, UnstyledButton, useCombobox } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Category } from '@/api/types';
import { CategoryChip } from './CategoryChip';
import { useCategoryName } from './category';
import { IconChevronDown } from './icons';

type Props = {
  categories: Category[];
  value: string | null;
  onChange: (id: string) => void;
  /** What the button is called, e.g. "Category of aroma". */
  label: string;
  disabled?: boolean;
  /** What stands there while nothing is chosen. */
  placeholder?: string;
};

/** A chip that opens a searchable list of categories. */
export function CategoryPicker({ categories, value, onChange, label, disabled, placeholder }: Props) {
  const { t } = useTranslation();
  const name = useCategoryName();
  const [search, setSearch] = useState('');
  const combobox = useCombobox({
    onDropdownClose: () => {
      combobox.resetSelectedOption();
      combobox.focusTarget();
      setSearch('');
    },
    onDropdownOpen: () => combobox.focusSearchInput(),
  });
  const current = categories.find((category) => category.id === value);
  const wanted = search.trim().toLowerCase();
  const shown = categories.filter(
    (category) =>
      (!category.archived || category.id === value) && (wanted === '' || name(category).toLowerCase().includes(wanted)),
  );

  return (
    <Combobox
      store={combobox}
      position="bottom-start"
      width={240}
      withinPortal
      onOptionSubmit={(id) => {
        combobox.closeDropdown();
        if (id !== value) onChange(id);
      }}
    >
      <Combobox.Target targetType="button">
        <UnstyledButton
          className="category-button"
          disabled={disabled}
          aria-label={`${label}: ${current || !placeholder ? name(current) : placeholder}`}
          onClick={() => combobox.toggleDropdown()}
        >
          {current || !placeholder ? <CategoryChip category={current} /> : <span className="category-chip">{placeholder}</span>}
          <IconChevronDown size={14} />
        </UnstyledButton>
      </Combobox.Target>
      {combobox.dropdownOpened ? (
        <Combobox.Dropdown>
          <Combobox.Search
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
            placeholder={t('category.search')}
            aria-label={t('category.search')}
          />
          <Combobox.Options mah={280} style={{ overflowY: 'auto' }} aria-label={label}>
            {shown.map((category) => (
              <Combobox.Option key={category.id} value={category.id} active={category.id === value}>
                <CategoryChip category={category} />
              </Combobox.Option>
            ))}
            {shown.length === 0 ? <Combobox.Empty>{t('category.nothing')}</Combobox.Empty> : null}
          </Combobox.Options>
        </Combobox.Dropdown>
      ) : null}
    </Combobox>
  );
}
