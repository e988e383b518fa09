import { Button, Group, Stack } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isProblem } from '@/api/problem';
import { PasswordField } from '@/ui/PasswordField';
import { Section } from '@/ui/Section';
import { FormProblem } from '@/ui/States';
import { useChangePassword } from './queries';

export function PasswordSection() {
  const { t } = useTranslation();
  const change = useChangePassword();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const problem = isProblem(change.error) ? change.error : null;
  const wrong = problem?.code === 'bad_credentials' ? t('problem.wrongPassword') : problem?.field('current_password');
  const weak = problem?.code === 'password_weak' ? t('problem.password_weak') : problem?.field('new_password');

  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(
      { current_password: current, new_password: next },
      {
        onSuccess: () => {
          setCurrent('');
          setNext('');
          notifications.show({ message: t('settings.passwordChanged') });
        },
      },
    );
  };

  return (
    <Section title={t('settings.password')} text={t('settings.passwordText')}>
      <form onSubmit={submit} aria-label={t('settings.password')}>
        <Stack maw={360}>
          <PasswordField
            label={t('settings.currentPassword')}
            value={current}
            onChange={setCurrent}
            error={wrong}
            autoComplete="current-password"
            required
          />
          <PasswordField
            label={t('settings.newPassword')}
            value={next}
            onChange={setNext}
            error={weak}
            autoComplete="new-password"
            minLength={8}
            meter
            required
          />
          {wrong || weak ? null : <FormProblem error={change.error} />}
          <Group>
            <Button type="submit" loading={change.isPending}>
              {t('settings.changePassword')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}
