import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactNode, useState } from "react";
import { useWords } from "../words";
import { ModalFooter } from "./modal-footer";
import { Failure } from "./sentence";

interface ConfirmModalProps {
  title: string;
  children: ReactNode;
  label: string;
  onConfirm(): Promise<unknown>;
  onClose(): void;
}

/** Asks before something is done that does not come back. */
export function ConfirmModal({ title, children, label, onConfirm, onClose }: ConfirmModalProps) {
  const { t } = useWords();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const confirm = async () => {
    setBusy(true);
    try {
      await onConfirm();
      onClose();
    } catch (trouble) {
      setError(trouble);
      setBusy(false);
    }
  };
  const footer = <ModalFooter label={label} busy={busy} test="confirm" onClose={onClose} onGo={() => void confirm()} />;
  return (
    <Modal visible onDismiss={onClose} header={title} footer={footer} closeAriaLabel={t("action.close")}>
      <SpaceBetween size="m">
        <div>{children}</div>
        <Failure error={error} />
      </SpaceBetween>
    </Modal>
  );
}
