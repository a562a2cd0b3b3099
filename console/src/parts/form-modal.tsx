/** A form over the page: asks what it must know, does it, and goes. A refusal stays in it, with what was typed. */

import Box from "@cloudscape-design/components/box";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { type Field, initialValues, missingFields, type Values } from "../model/fields";
import { useWords } from "../words";
import { FieldInput } from "./field-input";
import { ModalFooter } from "./modal-footer";
import { Failure } from "./sentence";

interface FormModalProps {
  title: string;
  about?: string;
  fields: Field[];
  submitLabel: string;
  onSubmit(values: Values): Promise<void>;
  onClose(): void;
}

export function FormModal({ title, about, fields, submitLabel, onSubmit, onClose }: FormModalProps) {
  const { t } = useWords();
  const [values, setValues] = useState(() => initialValues(fields));
  const [complain, setComplain] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const missing = missingFields(fields, values);

  const submit = async () => {
    setComplain(true);
    if (missing.length > 0) return;
    setBusy(true);
    setError(undefined);
    try {
      await onSubmit(values);
      onClose();
    } catch (trouble) {
      setError(trouble);
      setBusy(false);
    }
  };
  const footer = <ModalFooter label={submitLabel} busy={busy} test="submit" onClose={onClose} onGo={() => void submit()} />;
  return (
    <Modal visible onDismiss={onClose} header={title} footer={footer} closeAriaLabel={t("action.close")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <SpaceBetween size="m">
          {about ? <Box color="text-body-secondary">{about}</Box> : null}
          {fields.map((field) => (
            <FieldInput
              key={field.name}
              field={field}
              value={values[field.name] ?? ""}
              onChange={(value) => setValues((before) => ({ ...before, [field.name]: value }))}
              complain={complain && missing.includes(field)}
            />
          ))}
          <Failure error={error} />
        </SpaceBetween>
      </form>
    </Modal>
  );
}
