import { Card, Text, Title } from '@mantine/core';
import { type ReactNode, useId } from 'react';

export function Section({ title, text, children }: { title: string; text?: string; children: ReactNode }) {
  const id = useId();
  return (
    <Card component="section" aria-labelledby={id} className="settings-section">
      <Title order={2} size="h4" id={id}>
        {title}
      </Title>
      {text ? (
        <Text c="dimmed" size="sm">
          {text}
        </Text>
      ) : null}
      <div className="section-body">{children}</div>
    </Card>
  );
}
