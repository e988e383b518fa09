import { Select, type SelectProps } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useCurrencies } from '@/api/currencies/queries';
import { useLocale } from '@/lib/i18n';

type Props = Omit<SelectProps, 'data' | 'value' | 'onChange'> & {
  value: string;
  onChange: (code: string) => void;
};

/** Shekel, dollar and euro first, the others by their code. */
const first = ['ILS', 'USD', 'EUR', 'GBP'];

function localName(code: string, fallback: string, locale: string): string {
  try {
    return new Intl.DisplayNames([locale], { type: 'currency' }).of(code) ?? fallback;
  } catch {
    return fallback;
  }
}

export function CurrencySelect({ value, onChange, ...rest }: Props) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const currencies = useCurrencies();
  const codes = currencies.length > 0 ? currencies : [{ code: value, name: value, digits: 2, rates: true }];
  const rank = (code: string) => {
    const place = first.indexOf(code);
    return place === -1 ? first.length : place;
  };
  const data = [...codes]
    .sort((left, right) => rank(left.code) - rank(right.code) || left.code.localeCompare(right.code))
    .map(({ code, name }) => ({ value: code, label: code, name: localName(code, name, locale) }));
  const names = new Map(data.map((item) => [item.value, item.name]));

  return (
    <Select
      aria-label={rest.label ? undefined : t('field.currency')}
      data={data}
      value={value}
      onChange={(code) => code && onChange(code)}
      allowDeselect={false}
      searchable
      filter={({ options, search }) => {
        const wanted = search.trim().toLowerCase();
        return options.filter(
          (option) =>
            'value' in option &&
            (option.value.toLowerCase().includes(wanted) || (names.get(option.value) ?? '').toLowerCase().includes(wanted)),
        );
      }}
      renderOption={({ option }) => (
        <span className="currency-option">
          <bdi>{option.value}</bdi>
          <span className="dimmed">{names.get(option.value)}</span>
        </span>
      )}
      comboboxProps={{ width: 240, position: 'bottom-end' }}
      maxDropdownHeight={280}
      {...rest}
    />
  );
}
