import { ActionIcon, Badge, Button, ColorInput, Group, Modal, Select, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { type FormEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { categoriesQuery, useCreateCategory, useDeleteCategory, usePatchCategory } from '@/api/categories/queries';
import { keyed } from '@/api/idempotency';
import { isProblem } from '@/api/problem';
import type { Category } from '@/api/types';
import { CategoryChip } from '@/ui/CategoryChip';
import { categoryColor, colorChoices, useCategoryName } from '@/ui/category';
import { IconArchive, IconEdit, IconPlus, IconTrash, IconUndo } from '@/ui/icons';
import { Section } from '@/ui/Section';
import { ErrorState, FormProblem, Loading } from '@/ui/States';
import { useQuery } from '@tanstack/react-query';

type Editing = { kind: 'new' } | { kind: 'edit'; category: Category } | { kind: 'delete'; category: Category } | null;

export function CategoriesSection() {
  const { t } = useTranslation();
  const name = useCategoryName();
  const query = useQuery(categoriesQuery);
  const patch = usePatchCategory();
  const [editing, setEditing] = useState<Editing>(null);
  const close = () => setEditing(null);
  const categories = query.data ?? [];
  return (
    <Section title={t('settings.categories')} text={t('settings.categoriesText')}>
      {query.isPending ? <Loading rows={4} height={36} /> : null}
      {query.error && !query.data ? <ErrorState error={query.error} onRetry={() => void query.refetch()} /> : null}
      <ul className="plain-list" aria-label={t('settings.categories')}>
        {categories.map((category) => (
          <li key={category.id} className={category.archived ? 'archived' : undefined}>
            <Group gap="xs">
              <CategoryChip category={category} />
              <span className="dimmed">{t('settings.categoryRows', { count: category.count })}</span>
              {category.archived ? <Badge variant="default">{t('settings.archived')}</Badge> : null}
            </Group>
            <Group gap={2} wrap="nowrap">
              <RowAction label={t('settings.editCategory', { name: name(category) })} onClick={() => setEditing({ kind: 'edit', category })}>
                <IconEdit />
              </RowAction>
              <RowAction
                label={t(category.archived ? 'settings.restoreCategory' : 'settings.archiveCategory', { name: name(category) })}
                onClick={() => patch.mutate(keyed({ id: category.id, body: { archived: !category.archived } }))}
              >
                {category.archived ? <IconUndo /> : <IconArchive />}
              </RowAction>
              {category.builtin ? null : (
                <RowAction label={t('settings.deleteCategory', { name: name(category) })} onClick={() => setEditing({ kind: 'delete', category })}>
                  <IconTrash />
                </RowAction>
              )}
            </Group>
          </li>
        ))}
      </ul>
      <FormProblem error={patch.error} />
      <Group mt="sm">
        <Button variant="default" leftSection={<IconPlus />} onClick={() => setEditing({ kind: 'new' })}>
          {t('settings.addCategory')}
        </Button>
      </Group>
      <Modal
        opened={editing !== null}
        onClose={close}
        title={editing?.kind === 'new' ? t('settings.addCategory') : editing ? name(editing.category) : ''}
        closeButtonProps={{ 'aria-label': t('action.close') }}
      >
        {editing?.kind === 'new' ? <CategoryForm onDone={close} /> : null}
        {editing?.kind === 'edit' ? <CategoryForm category={editing.category} onDone={close} /> : null}
        {editing?.kind === 'delete' ? (
          <DeleteForm category={editing.category} categories={categories} onDone={close} />
        ) : null}
      </Modal>
    </Section>
  );
}

function RowAction({ label, onClick, children }: { label: string; onClick: () => void; children: React.ReactNode }) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

function CategoryForm({ category, onDone }: { category?: Category; onDone: () => void }) {
  const { t } = useTranslation();
  const shownName = useCategoryName();
  const create = useCreateCategory();
  const patch = usePatchCategory();
  const first = category ? shownName(category) : '';
  const [name, setName] = useState(first);
  const [kind, setKind] = useState<'expense' | 'income'>('expense');
  const [color, setColor] = useState(category ? categoryColor(category) : (colorChoices.at(-1) ?? '#808894'));
  const pending = useRef<{ text: string; key: string } | null>(null);
  const action = category ? patch : create;
  const problem = isProblem(action.error) ? action.error : null;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const text = `${name}|${kind}|${color}`;
    if (pending.current?.text !== text) pending.current = { text, key: keyed({}).idempotencyKey };
    const idempotencyKey = pending.current.key;
    if (!category) {
      create.mutate({ body: { name: name.trim(), kind, color }, idempotencyKey }, { onSuccess: onDone });
      return;
    }
    const body: { name?: string; color?: string } = {};
    if (name.trim() !== first) body.name = name.trim();
    if (color !== categoryColor(category)) body.color = color;
    if (Object.keys(body).length === 0) onDone();
    else patch.mutate({ id: category.id, body, idempotencyKey }, { onSuccess: onDone });
  };

  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={t('field.name')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={problem?.field('name')}
          required
          maxLength={64}
          data-autofocus
          dir="auto"
        />
        {category ? null : (
          <Select
            label={t('field.type')}
            data={[
              { value: 'expense', label: t('type.expense') },
              { value: 'income', label: t('type.income') },
            ]}
            value={kind}
            onChange={(value) => setKind(value === 'income' ? 'income' : 'expense')}
            allowDeselect={false}
          />
        )}
        <ColorInput
          label={t('settings.color')}
          value={color}
          onChange={setColor}
          swatches={colorChoices}
          format="hex"
          withEyeDropper={false}
          popoverProps={{ withinPortal: true }}
        />
        <FormProblem error={action.error} fields={['name']} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            {t('action.cancel')}
          </Button>
          <Button type="submit" loading={action.isPending}>
            {t('action.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

type DeleteProps = { category: Category; categories: Category[]; onDone: () => void };

function DeleteForm({ category, categories, onDone }: DeleteProps) {
  const { t } = useTranslation();
  const name = useCategoryName();
  const remove = useDeleteCategory();
  const [moveTo, setMoveTo] = useState<string | null>(category.count > 0 ? 'other' : null);
  const [key] = useState(() => keyed({ id: category.id }));
  const others = categories.filter((one) => one.id !== category.id && one.kind === category.kind && !one.archived);
  return (
    <Stack>
      <Text>{t('settings.deleteCategoryText', { count: category.count })}</Text>
      {category.count > 0 ? (
        <Select
          label={t('settings.moveTo')}
          data={others.map((one) => ({ value: one.id, label: name(one) }))}
          value={moveTo}
          onChange={setMoveTo}
          allowDeselect={false}
        />
      ) : null}
      <FormProblem error={remove.error} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onDone}>
          {t('action.cancel')}
        </Button>
        <Button
          color="red.9"
          loading={remove.isPending}
          onClick={() => remove.mutate({ ...key, moveTo: moveTo ?? undefined }, { onSuccess: onDone })}
        >
          {t('action.delete')}
        </Button>
      </Group>
    </Stack>
  );
}
