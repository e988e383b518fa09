import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMe } from '@/api/me/queries';
import { isProblem } from '@/api/problem';
import { PasswordField } from '@/ui/PasswordField';
import { Section } from '@/ui/Section';
import { FormProblem } from '@/ui/States';
import { useDeleteMe } from './queries';

export function DeleteSection() {
  const { t } = useTranslation();
  const me = useMe();
  const [opened, setOpened] = useState(false);
  const [password, setPassword] = useState('');
  const remove = useDeleteMe();
  const problem = isProblem(remove.error) ? remove.error : null;
  const wrong = problem?.code === 'bad_credentials' ? t('problem.wrongPassword') : problem?.field('password');

  const submit = (event: FormEvent) => {
    event.preventDefault();
    remove.mutate(me.demo ? undefined : password);
  };

  return (
    <Section title={t('settings.delete')} text={t('settings.deleteText')}>
      <Group>
        <Button variant="default" onClick={() => setOpened(true)}>
          {t('settings.delete')}
        </Button>
      </Group>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title={t('settings.deleteTitle')}
        closeButtonProps={{ 'aria-label': t('action.close') }}
      >
        <form onSubmit={submit}>
          <Stack>
            <Text>{t('settings.deleteWarning')}</Text>
            {me.demo ? null : (
              <PasswordField
                label={t('field.password')}
                value={password}
                onChange={setPassword}
                error={wrong}
                autoComplete="current-password"
                required
                data-autofocus
              />
            )}
            {wrong ? null : <FormProblem error={remove.error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={() => setOpened(false)}>
                {t('action.cancel')}
              </Button>
              <Button type="submit" color="red.9" loading={remove.isPending}>
                {t('settings.deleteConfirm')}
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </Section>
  );
}
