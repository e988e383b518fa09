import { Button, Group, Select, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type FormEvent, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMe, usePatchMe } from '@/api/me/queries';
import { isProblem } from '@/api/problem';
import type { Me, MePatch } from '@/api/types';
import { changeLanguage, type Language, languageOf } from '@/lib/i18n';
import { CurrencySelect } from '@/ui/CurrencySelect';
import { Section } from '@/ui/Section';
import { FormProblem } from '@/ui/States';

type Profile = Pick<Me, 'name' | 'base_currency' | 'time_zone' | 'week_start'> & { language: Language };

function profileOf(me: Me): Profile {
  const { name, base_currency, time_zone, week_start } = me;
  return { name, base_currency, time_zone, week_start, language: languageOf(me.locale) };
}

function changesOf(me: Me, profile: Profile): MePatch {
  const patch: MePatch = {};
  if (profile.name.trim() !== me.name) patch.name = profile.name.trim();
  if (profile.base_currency !== me.base_currency) patch.base_currency = profile.base_currency;
  if (profile.time_zone !== me.time_zone) patch.time_zone = profile.time_zone;
  if (profile.week_start !== me.week_start) patch.week_start = profile.week_start;
  if (profile.language !== languageOf(me.locale)) patch.locale = profile.language;
  return patch;
}

const weekStarts = ['monday', 'sunday', 'saturday'] as const;

export function ProfileSection() {
  const { t } = useTranslation();
  const me = useMe();
  const patch = usePatchMe();
  const [profile, setProfile] = useState(() => profileOf(me));
  const zones = useMemo(() => {
    const known = Intl.supportedValuesOf('timeZone');
    return known.includes(me.time_zone) ? known : [me.time_zone, ...known];
  }, [me.time_zone]);
  const set = (change: Partial<Profile>) => setProfile((before) => ({ ...before, ...change }));
  const field = (name: string) => (isProblem(patch.error) ? patch.error.field(name) : undefined);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    patch.mutate(changesOf(me, profile), {
      onSuccess: (saved) => {
        void changeLanguage(languageOf(saved.locale)).then(() => notifications.show({ message: t('settings.saved') }));
      },
    });
  };

  return (
    <Section title={t('settings.profile')} text={me.email ?? undefined}>
      <form onSubmit={submit} aria-label={t('settings.profile')}>
        <Stack>
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <TextInput
              label={t('field.name')}
              value={profile.name}
              onChange={(event) => set({ name: event.currentTarget.value })}
              error={field('name')}
              maxLength={100}
            />
            <CurrencySelect
              label={t('settings.baseCurrency')}
              value={profile.base_currency}
              onChange={(base_currency) => set({ base_currency })}
              error={field('base_currency')}
            />
            <Select
              label={t('settings.language')}
              data={[
                { value: 'en', label: 'English' },
                { value: 'he', label: 'עברית' },
              ]}
              value={profile.language}
              onChange={(language) => set({ language: languageOf(language) })}
              allowDeselect={false}
              error={field('locale')}
            />
            <Select
              label={t('settings.weekStart')}
              data={weekStarts.map((day) => ({ value: day, label: t(`day.${day}`) }))}
              value={profile.week_start}
              onChange={(day) => set({ week_start: weekStarts.find((one) => one === day) ?? 'monday' })}
              allowDeselect={false}
              error={field('week_start')}
            />
            <Select
              label={t('settings.timeZone')}
              data={zones}
              value={profile.time_zone}
              onChange={(zone) => zone && set({ time_zone: zone })}
              searchable
              limit={60}
              allowDeselect={false}
              error={field('time_zone')}
            />
          </SimpleGrid>
          <FormProblem error={patch.error} fields={['name', 'base_currency', 'locale', 'week_start', 'time_zone']} />
          <Group justify="flex-end">
            <Button type="submit" loading={patch.isPending} disabled={Object.keys(changesOf(me, profile)).length === 0}>
              {t('action.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}
