import { Button, Group, Table, UnstyledButton } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useCategories } from '@/api/categories/queries';
import type { CategoryForecast, Forecast } from '@/api/types';
import { isolate, useLocale } from '@/lib/i18n';
import { formatPercent } from '@/lib/money';
import { CategoryChip } from '@/ui/CategoryChip';
import { Money } from '@/ui/Money';
import { Section } from '@/ui/Section';
import { methodKey } from './method';

type Props = {
  forecast: Forecast;
  category: string | undefined;
  onCategory: (category: string | undefined) => void;
};

/** Each category with its coming month; choosing one shows its fan above. */
export function CategoryTable({ forecast, category, onCategory }: Props) {
  const { t } = useTranslation();
  if (forecast.categories.length === 0) return null;
  return (
    <Section title={t('forecast.categories')}>
      {category ? (
        <Group mb="xs">
          <Button size="xs" variant="light" onClick={() => onCategory(undefined)}>
            {t('forecast.whole')}
          </Button>
        </Group>
      ) : null}
      <Table aria-label={t('forecast.categories')} verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('field.category')}</Table.Th>
            <Table.Th className="cell-number">{t('forecast.next')}</Table.Th>
            <Table.Th className="wide-only">{t('forecast.how')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {forecast.categories.map((one) => (
            <CategoryRow
              key={one.category_id}
              part={one}
              currency={forecast.currency}
              shown={one.category_id === category}
              onShow={() => {
                onCategory(one.category_id);
                window.scrollTo({ top: 0 });
              }}
            />
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}

type RowProps = { part: CategoryForecast; currency: string; shown: boolean; onShow: () => void };

function CategoryRow({ part, currency, shown, onShow }: RowProps) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const categories = useCategories();
  const next = part.months[0];
  return (
    <Table.Tr>
      <Table.Td>
        <UnstyledButton className="category-button" onClick={onShow} aria-pressed={shown}>
          <CategoryChip category={categories.find((category) => category.id === part.category_id)} />
        </UnstyledButton>
      </Table.Td>
      <Table.Td className="cell-number">
        {next ? (
          <>
            <Money amount={next.p50} currency={currency} variant="whole" />
            <div className="small dimmed">
              <Money amount={next.p10} currency={currency} variant="whole" /> –{' '}
              <Money amount={next.p90} currency={currency} variant="whole" />
            </div>
          </>
        ) : null}
      </Table.Td>
      <Table.Td className="wide-only small">
        {t(methodKey(part.method))} · {t('forecast.offBy', { percent: isolate(formatPercent(part.error * 100, locale)) })}
      </Table.Td>
    </Table.Tr>
  );
}
