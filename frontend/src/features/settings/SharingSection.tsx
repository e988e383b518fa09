import { Switch, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { usePatchMe } from '@/api/me/queries';
import { Section } from '@/ui/Section';
import { FormProblem } from '@/ui/States';
import { useClassifier } from './queries';

export function SharingSection() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const classifier = useClassifier();
  const patch = usePatchMe();
  const state = classifier.data?.sharing.state;
  if (!state) return null;
  const shared = patch.isPending ? patch.variables.share_corrections === true : state === 'on';
  return (
    <Section title={t('classifier.sharing')} text={t('classifier.sharingText')}>
      {state === 'household' ? (
        <Text>{t('classifier.household')}</Text>
      ) : (
        <Switch
          label={t('classifier.share')}
          description={t('classifier.shareText')}
          checked={shared}
          onChange={(event) =>
            patch.mutate(
              { share_corrections: event.currentTarget.checked },
              // Awaited, so that the switch does not spring back before the new state is here.
              { onSettled: () => queries.invalidateQueries({ queryKey: ['classifier'] }) },
            )
          }
        />
      )}
      <FormProblem error={patch.error} />
    </Section>
  );
}
