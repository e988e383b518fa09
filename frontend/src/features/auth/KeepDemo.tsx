import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMe } from '@/api/me/queries';
import { isProblem } from '@/api/problem';
import { useLocale } from '@/lib/i18n';
import { formatClock } from '@/lib/period';
import { PasswordField } from '@/ui/PasswordField';
import { FormProblem } from '@/ui/States';
import { useKeepDemo } from './queries';

/** Says that this is the demo, until when, and how to keep what is in it. */
export function DemoBanner() {
  const { t } = useTranslation();
  const { locale } = useLocale();
  const me = useMe();
  const [opened, setOpened] = useState(false);
  if (!me.demo) return null;
  const until = me.demo_expires_at ? formatClock(Date.parse(me.demo_expires_at), locale, me.time_zone) : null;
  return (
    <aside className="demo-banner" aria-label={t('demo.label')}>
      <Text size="sm">{until ? t('demo.bannerUntil', { time: until }) : t('demo.banner')}</Text>
      <Button size="xs" onClick={() => setOpened(true)}>
        {t('demo.keep')}
      </Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title={t('demo.keepTitle')}
        closeButtonProps={{ 'aria-label': t('action.close') }}
      >
        <KeepForm onDone={() => setOpened(false)} />
      </Modal>
    </aside>
  );
}

function KeepForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const keep = useKeepDemo();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const problem = isProblem(keep.error) ? keep.error : null;
  const taken = problem?.code === 'email_taken' ? t('problem.email_taken') : undefined;
  const weak = problem?.code === 'password_weak' ? t('problem.password_weak') : undefined;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    // The banner with this form is gone before a callback of `mutate` would be called.
    keep.mutateAsync({ email: email.trim(), password }).then(
      () => notifications.show({ message: t('demo.kept') }),
      () => undefined,
    );
  };

  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm" c="dimmed">
          {t('demo.keepText')}
        </Text>
        <TextInput
          label={t('field.email')}
          type="email"
          dir="ltr"
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          error={taken ?? problem?.field('email')}
          autoComplete="username"
          required
          data-autofocus
        />
        <PasswordField
          label={t('field.password')}
          value={password}
          onChange={setPassword}
          error={weak ?? problem?.field('password')}
          autoComplete="new-password"
          meter
          required
          minLength={8}
        />
        {taken || weak ? null : <FormProblem error={keep.error} fields={['email', 'password']} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            {t('action.cancel')}
          </Button>
          <Button type="submit" loading={keep.isPending}>
            {t('demo.keep')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
