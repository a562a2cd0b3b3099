/** "Copy as aws CLI": what the page has just asked and done, as commands. */

import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState, useSyncExternalStore } from "react";
import { journal, onJournalChange } from "../api/journal";
import { useWords } from "../words";

export function CopyCommands() {
  const { t } = useWords();
  const entries = useSyncExternalStore(onJournalChange, journal);
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button iconName="copy" onClick={() => setOpen(true)} data-test="copy-commands">
        {t("copy.button")}
      </Button>
      {open ? (
        <Modal visible onDismiss={() => setOpen(false)} header={t("copy.button")} size="large" closeAriaLabel={t("action.close")}>
          <SpaceBetween size="s">
            <Box color="text-body-secondary">{t("copy.about")}</Box>
            {entries.map((entry) => (
              <Command key={entry.command} text={entry.command} />
            ))}
          </SpaceBetween>
        </Modal>
      ) : null}
    </>
  );
}

/** One command, to be read and copied. */
export function Command({ text }: { text: string }) {
  const { t } = useWords();
  return (
    <div className="command">
      <CopyToClipboard
        variant="icon"
        copyButtonAriaLabel={t("copy.one")}
        copySuccessText={t("copy.done")}
        copyErrorText={t("copy.failed")}
        textToCopy={text}
      />
      <code>{text}</code>
    </div>
  );
}
