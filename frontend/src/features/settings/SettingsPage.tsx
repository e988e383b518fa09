import { Stack, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useMe } from '@/api/me/queries';
import { AppearanceSection } from './AppearanceSection';
import { CategoriesSection } from './CategoriesSection';
import { ClassifierSection } from './ClassifierSection';
import { DeleteSection } from './DeleteSection';
import { PasswordSection } from './PasswordSection';
import { ProfileSection } from './ProfileSection';
import { SessionsSection } from './SessionsSection';

export function SettingsPage() {
  const { t } = useTranslation();
  const me = useMe();
  return (
    <Stack gap="md" maw={760} mx="auto">
      <Title order={1} size="h2">
        {t('settings.title')}
      </Title>
      <ProfileSection key={me.id} />
      <AppearanceSection />
      <CategoriesSection />
      <ClassifierSection />
      {me.demo ? null : <PasswordSection />}
      <SessionsSection />
      <DeleteSection />
    </Stack>
  );
}
