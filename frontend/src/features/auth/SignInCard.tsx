import { Anchor, Button, Divider, Stack, Text, TextInput, Title } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isProblem } from '@/api/problem';
import { Logo } from '@/ui/Logo';
import { PasswordField } from '@/ui/PasswordField';
import { FormProblem } from '@/ui/States';
import { useDemo, useLogin, useRegister } from './queries';

export type Mode = 'sign-in' | 'sign-up';

type Props = {
  /** Signing in again over an open page, which has its own heading: no demo and no new account there. */
  again?: boolean;
  email?: string;
};

const fields = ['email', 'password', 'name'];

export function SignInCard({ again = false, email: knownEmail = '' }: Props) {
  const { t } = useTranslation();
  const [mode, setMode] = useState<Mode>('sign-in');
  const [email, setEmail] = useState(knownEmail);
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const login = useLogin();
  const register = useRegister();
  const demo = useDemo();
  const signUp = mode === 'sign-up';
  const action = signUp ? register : login;
  const problem = isProblem(action.error) ? action.error : null;
  const taken = problem?.code === 'email_taken' ? t('problem.email_taken') : undefined;
  const weak = problem?.code === 'password_weak' ? t('problem.password_weak') : undefined;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (signUp) register.mutate({ email: email.trim(), password, name: name.trim() });
    else login.mutate({ email: email.trim(), password });
  };
  const change = (next: Mode) => {
    setMode(next);
    login.reset();
    register.reset();
  };

  return (
    <div className="auth-card">
      <Stack gap="lg">
        {again ? null : (
          <div className="auth-head">
            <Logo size={44} />
            <Title order={1} size="h2">
              {signUp ? t('auth.signUpTitle') : t('auth.signInTitle')}
            </Title>
            <Text c="dimmed">{t('auth.tagline')}</Text>
          </div>
        )}
        <form onSubmit={submit} aria-label={signUp ? t('auth.signUp') : t('auth.signIn')}>
          <Stack gap="md">
            {signUp ? (
              <TextInput
                label={t('field.name')}
                value={name}
                onChange={(event) => setName(event.currentTarget.value)}
                error={problem?.field('name')}
                autoComplete="name"
                required
                maxLength={100}
              />
            ) : null}
            <TextInput
              label={t('field.email')}
              type="email"
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
              error={taken ?? problem?.field('email')}
              autoComplete="username"
              required
              dir="ltr"
              data-autofocus={again && !knownEmail ? true : undefined}
            />
            <PasswordField
              label={t('field.password')}
              value={password}
              onChange={setPassword}
              error={weak ?? problem?.field('password')}
              autoComplete={signUp ? 'new-password' : 'current-password'}
              meter={signUp}
              required
              minLength={signUp ? 8 : undefined}
              data-autofocus={again && knownEmail ? true : undefined}
            />
            {taken || weak ? null : <FormProblem error={action.error} fields={fields} />}
            <Button type="submit" size="md" loading={action.isPending}>
              {signUp ? t('auth.signUp') : t('auth.signIn')}
            </Button>
          </Stack>
        </form>
        {again ? null : (
          <>
            <Text size="sm" ta="center">
              {signUp ? t('auth.haveAccount') : t('auth.noAccount')}{' '}
              <Anchor component="button" type="button" fw={600} onClick={() => change(signUp ? 'sign-in' : 'sign-up')}>
                {signUp ? t('auth.toSignIn') : t('auth.toSignUp')}
              </Anchor>
            </Text>
            <Divider label={t('auth.or')} />
            <Stack gap={6}>
              <Button variant="light" size="md" onClick={() => demo.mutate()} loading={demo.isPending}>
                {t('auth.demo')}
              </Button>
              <Text size="sm" c="dimmed" ta="center">
                {t('auth.demoHint')}
              </Text>
              <FormProblem error={demo.error} />
            </Stack>
          </>
        )}
      </Stack>
    </div>
  );
}
