import { Stack, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { ClassifierHistory } from './ClassifierHistory';
import { ClassifierSection } from './ClassifierSection';
import { CorrectionsSection } from './CorrectionsSection';
import { SharingSection } from './SharingSection';

/** What sorts the expenses: how good it is, what it was before, what it learned from this person. */
export function ClassifierPage() {
  const { t } = useTranslation();
  return (
    <Stack gap="md" maw={760} mx="auto">
      <div>
        <Link to="/settings" className="plain-link">
          {t('classifier.back')}
        </Link>
        <Title order={1} size="h2">
          {t('classifier.title')}
        </Title>
      </div>
      <ClassifierSection whole />
      <ClassifierHistory />
      <CorrectionsSection />
      <SharingSection />
    </Stack>
  );
}
