import { Button, Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { changeLanguage, useLocale } from '@/lib/i18n';
import { IconGlobe } from '@/ui/icons';
import { ThemeButton } from '@/ui/ThemeButton';
import { SignInCard } from './SignInCard';

export function SignInPage() {
  const { t } = useTranslation();
  const { language } = useLocale();
  return (
    <div className="auth-page">
      <Group justify="flex-end" gap="xs" p="md" component="header">
        <Button
          variant="subtle"
          color="gray"
          leftSection={<IconGlobe />}
          lang={language === 'he' ? 'en' : 'he'}
          onClick={() => void changeLanguage(language === 'he' ? 'en' : 'he')}
        >
          {t('language.other')}
        </Button>
        <ThemeButton />
      </Group>
      <main className="auth-main">
        <SignInCard />
      </main>
    </div>
  );
}
