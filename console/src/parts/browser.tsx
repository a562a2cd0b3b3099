/** Folders and files to choose from, in a bucket or at a partner. */

import Button from "@cloudscape-design/components/button";
import Input from "@cloudscape-design/components/input";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { Entry } from "../api/browse";
import { bytes } from "../model/format";
import { parentOf } from "../model/paths";
import { useWords } from "../words";
import { Rows } from "./rows";
import { Failure } from "./sentence";
import { Time } from "./time";
import { useLoad } from "./use-load";

interface BrowserProps {
  title: string;
  first: string;
  list(path: string): Promise<Entry[]>;
  onChoose(path: string): void;
  /** Told when another folder is looked into. */
  onFolder?(path: string): void;
}

export function Browser({ title, first, list, onChoose, onFolder }: BrowserProps) {
  const { t, language } = useWords();
  const [path, setPath] = useState(first);
  const [typed, setTyped] = useState(first);
  const entries = useLoad(() => list(path), [path]);
  const enter = (next: string) => {
    setTyped(next);
    setPath(next);
    onFolder?.(next);
  };
  const link = (entry: Entry) => (
    <Link onFollow={() => (entry.isFolder ? enter(entry.path) : onChoose(entry.path))}>
      {entry.name}
      {entry.isFolder ? "/" : ""}
    </Link>
  );
  return (
    <SpaceBetween size="s">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          enter(typed);
        }}
      >
        <SpaceBetween direction="horizontal" size="xs">
          <Button formAction="none" iconName="angle-up" ariaLabel={t("browse.up")} onClick={() => enter(parentOf(path))} />
          <Input value={typed} ariaLabel={t("browse.path")} onChange={({ detail }) => setTyped(detail.value)} spellcheck={false} />
          <Button loading={entries.loading} formAction="submit">
            {t("browse.look")}
          </Button>
        </SpaceBetween>
      </form>
      <Failure error={entries.error} />
      <Rows
        title={title}
        rows={entries.error ? [] : entries.value}
        loading={entries.loading}
        nameOf={(entry) => entry.path}
        columns={[
          { header: "column.name", text: (entry) => entry.name, cell: link },
          { header: "column.size", text: (entry) => String(entry.size ?? ""), cell: (entry) => (entry.isFolder ? "–" : bytes(entry.size, language)) },
          { header: "column.changed", text: (entry) => entry.changed, cell: (entry) => <Time of={entry.changed} /> },
        ]}
      />
    </SpaceBetween>
  );
}
