/** The page of a kind of resource: its table, and forms for what can be done with it. A kind is a table of its own. */

import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { Field, Values } from "../model/fields";
import { useWords, type Word } from "../words";
import { ConfirmModal } from "./confirm-modal";
import { FormModal } from "./form-modal";
import { useNotices } from "./notices";
import { type Once, OnceModal } from "./once-modal";
import { Page } from "./page";
import { type Column, Rows } from "./rows";
import { useLoad } from "./use-load";

export interface Action<Row> {
  label: Word;
  fields: Field[];
  run(row: Row, values: Values): Promise<unknown>;
}

export interface Kind<Row> {
  title: Word;
  about: Word;
  load(): Promise<Row[]>;
  columns: Column<Row>[];
  nameOf(row: Row): string;
  create?: { label: Word; fields: Field[]; run(values: Values): Promise<Once | undefined> };
  actions?: Action<Row>[];
  remove?(row: Row): Promise<unknown>;
}

type Open<Row> = { what: "create" } | { what: "remove" } | { what: "action"; action: Action<Row> };

export function Resources<Row>({ kind }: { kind: Kind<Row> }) {
  const { t } = useWords();
  const notices = useNotices();
  const rows = useLoad(kind.load, [kind]);
  const [selected, select] = useState<Row>();
  const [open, setOpen] = useState<Open<Row>>();
  const [once, setOnce] = useState<Once>();
  const title = t(kind.title);
  const close = () => setOpen(undefined);
  const done = (text: string) => {
    notices.tell(text);
    rows.reload();
  };

  const buttons = (
    <SpaceBetween direction="horizontal" size="xs">
      {kind.actions?.map((action) => (
        <Button key={action.label} disabled={!selected} onClick={() => setOpen({ what: "action", action })}>
          {t(action.label)}
        </Button>
      ))}
      {kind.remove ? (
        <Button disabled={!selected} onClick={() => setOpen({ what: "remove" })} data-test="remove">
          {t("action.delete")}
        </Button>
      ) : null}
      {kind.create ? (
        <Button variant="primary" onClick={() => setOpen({ what: "create" })} data-test="create">
          {t(kind.create.label)}
        </Button>
      ) : null}
    </SpaceBetween>
  );
  return (
    <Page title={title} about={t(kind.about)} error={rows.error}>
      <Rows
        title={title}
        rows={rows.value}
        columns={kind.columns}
        nameOf={kind.nameOf}
        loading={rows.loading}
        onReload={rows.reload}
        actions={buttons}
        selected={selected}
        onSelect={kind.remove || kind.actions ? select : undefined}
      />
      {open?.what === "create" && kind.create ? (
        <FormModal
          title={t(kind.create.label)}
          fields={kind.create.fields}
          submitLabel={t("action.create")}
          onSubmit={async (values) => {
            setOnce(await kind.create?.run(values));
            done(t("notice.created"));
          }}
          onClose={close}
        />
      ) : null}
      {open?.what === "action" && selected ? (
        <FormModal
          title={`${t(open.action.label)}: ${kind.nameOf(selected)}`}
          fields={open.action.fields}
          submitLabel={t(open.action.label)}
          onSubmit={async (values) => {
            await open.action.run(selected, values);
            done(t("notice.done"));
          }}
          onClose={close}
        />
      ) : null}
      {open?.what === "remove" && selected ? (
        <ConfirmModal
          title={t("action.delete")}
          label={t("action.delete")}
          onConfirm={async () => {
            await kind.remove?.(selected);
            select(undefined);
            done(t("notice.deleted", { name: kind.nameOf(selected) }));
          }}
          onClose={close}
        >
          {t("confirm.delete", { name: kind.nameOf(selected) })}
        </ConfirmModal>
      ) : null}
      {once ? <OnceModal once={once} onClose={() => setOnce(undefined)} /> : null}
    </Page>
  );
}
