import { PasswordInput, type PasswordInputProps } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { estimateStrength } from '@/lib/password';

type Props = Omit<PasswordInputProps, 'value' | 'onChange'> & {
  value: string;
  onChange: (value: string) => void;
  /** Shows how strong a new password is. */
  meter?: boolean;
};

const hues = ['transparent', '#c2571f', '#b7791f', '#2f6fb7', '#159a74'] as const;

export function PasswordField({ value, onChange, meter = false, ...rest }: Props) {
  const { t } = useTranslation();
  const strength = estimateStrength(value);
  return (
    <div>
      <PasswordInput
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        visibilityToggleButtonProps={{ 'aria-label': t('auth.showPassword'), tabIndex: 0 }}
        {...rest}
      />
      {meter ? (
        <div className="strength" aria-live="polite">
          <div className="strength-bars" aria-hidden="true">
            {[1, 2, 3, 4].map((step) => (
              <span key={step} style={{ backgroundColor: step <= strength ? hues[strength] : undefined }} />
            ))}
          </div>
          <span className="dimmed">{value === '' ? t('auth.passwordHint') : t(`auth.strength.${strength}`)}</span>
        </div>
      ) : null}
    </div>
  );
}
