import Alert from "@cloudscape-design/components/alert";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useWords } from "../words";
import { Command } from "./copy-commands";

/** What nobody can look up again: a new key. */
export interface Once {
  lines: string[];
}

export function OnceModal({ once, onClose }: { once: Once; onClose(): void }) {
  const { t } = useWords();
  return (
    <Modal visible onDismiss={onClose} header={t("once.title")} closeAriaLabel={t("action.close")}>
      <SpaceBetween size="m">
        <Alert type="warning">{t("once.about")}</Alert>
        {once.lines.map((line) => (
          <Command key={line} text={line} />
        ))}
      </SpaceBetween>
    </Modal>
  );
}
