import { Button, Group, ScrollArea, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCategories } from '@/api/categories/queries';
import { isolate } from '@/lib/i18n';
import { CategoryChip } from '@/ui/CategoryChip';
import { IconSearch } from '@/ui/icons';
import { Section } from '@/ui/Section';
import { ErrorState, FormProblem, Loading } from '@/ui/States';
import { mostCorrections, useClassifier, useCorrections, useForget } from './queries';

/** From this many on, a list is searched rather than read. */
const searchedFrom = 12;

export function CorrectionsSection() {
  const { t } = useTranslation();
  const categories = useCategories();
  const corrections = useCorrections();
  const count = useClassifier().data?.corrections ?? 0;
  const forget = useForget();
  const [search, setSearch] = useState('');
  const all = corrections.data ?? [];
  const wanted = search.trim().toLowerCase();
  const shown = all.filter((one) => one.merchant.toLowerCase().includes(wanted));
  const drop = (merchant: string) =>
    forget.mutate(merchant, {
      onSuccess: () => notifications.show({ message: t('classifier.forgotten', { merchant: isolate(merchant) }) }),
    });
  return (
    <Section title={t('classifier.corrections')} text={t('classifier.correctionsText')}>
      {corrections.isPending ? <Loading rows={3} height={36} /> : null}
      {corrections.error && !corrections.data ? (
        <ErrorState error={corrections.error} onRetry={() => void corrections.refetch()} />
      ) : null}
      {corrections.data && all.length === 0 ? <Text>{t('classifier.noCorrections')}</Text> : null}
      {all.length >= searchedFrom ? (
        <TextInput
          type="search"
          aria-label={t('classifier.findCorrection')}
          placeholder={t('classifier.findCorrection')}
          leftSection={<IconSearch />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          mb="xs"
        />
      ) : null}
      <FormProblem error={forget.error} />
      {shown.length > 0 ? (
        <ScrollArea.Autosize mah={360} type="auto">
          <ul className="plain-list" aria-label={t('classifier.corrections')}>
            {shown.map((one) => (
              <li key={one.merchant}>
                <Group gap="xs">
                  <bdi>{one.merchant}</bdi>
                  <CategoryChip category={categories.find((category) => category.id === one.category_id)} />
                </Group>
                <Button
                  size="xs"
                  variant="subtle"
                  color="gray"
                  onClick={() => drop(one.merchant)}
                  disabled={forget.isPending}
                  aria-label={t('classifier.forgetOne', { merchant: one.merchant })}
                >
                  {t('classifier.forget')}
                </Button>
              </li>
            ))}
          </ul>
        </ScrollArea.Autosize>
      ) : null}
      {all.length === mostCorrections && count > all.length ? (
        <Text size="xs" c="dimmed">
          {t('classifier.correctionsShown', { shown: all.length, count })}
        </Text>
      ) : null}
    </Section>
  );
}
