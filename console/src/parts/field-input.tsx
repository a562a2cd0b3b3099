import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Multiselect from "@cloudscape-design/components/multiselect";
import Select from "@cloudscape-design/components/select";
import Textarea from "@cloudscape-design/components/textarea";
import { type Choice, type Field, listOf } from "../model/fields";
import { useWords } from "../words";
import { useLoad } from "./use-load";

interface FieldInputProps {
  field: Field;
  value: string;
  onChange(value: string): void;
  /** Tell it now, and not before somebody tried to go on. */
  complain: boolean;
}

const NONE = () => Promise.resolve<Choice[]>([]);

function optionOf({ value, label, about }: Choice) {
  return { value, label: label ?? value, description: about };
}

function Chooser({ field, value, onChange }: Omit<FieldInputProps, "complain">) {
  const { t } = useWords();
  const choices = useLoad(field.choices ?? NONE, [field.choices]);
  const options = (choices.value ?? []).map(optionOf);
  const shared = {
    options,
    statusType: choices.error ? ("error" as const) : choices.loading ? ("loading" as const) : ("finished" as const),
    placeholder: t("form.choose"),
    empty: t("table.empty"),
    filteringType: options.length > 8 ? ("auto" as const) : ("none" as const),
  };
  if (field.kind === "choices") {
    const chosen = listOf(value);
    return (
      <Multiselect
        {...shared}
        selectedOptions={options.filter((option) => chosen.includes(option.value))}
        onChange={({ detail }) => onChange(detail.selectedOptions.map((option) => option.value).join(" "))}
      />
    );
  }
  const chosen = options.find((option) => option.value === value) ?? (value ? optionOf({ value }) : null);
  return <Select {...shared} selectedOption={chosen} onChange={({ detail }) => onChange(detail.selectedOption.value ?? "")} />;
}

function Writer({ field, value, onChange }: Omit<FieldInputProps, "complain">) {
  const change = ({ detail }: { detail: { value: string } }) => onChange(detail.value);
  if (field.kind === "lines")
    return <Textarea value={value} onChange={change} placeholder={field.placeholder} rows={6} spellcheck={false} name={field.name} />;
  return (
    <Input
      value={value}
      onChange={change}
      placeholder={field.placeholder}
      type={field.kind === "password" ? "password" : "text"}
      autoComplete={false}
      spellcheck={false}
      name={field.name}
    />
  );
}

/** One question of a form. */
export function FieldInput({ field, value, onChange, complain }: FieldInputProps) {
  const { t } = useWords();
  const label = field.optional ? `${t(field.label)} – ${t("form.optional")}` : t(field.label);
  const Question = field.kind === "choice" || field.kind === "choices" ? Chooser : Writer;
  return (
    <FormField
      label={label}
      description={field.about ? t(field.about) : undefined}
      errorText={complain ? t("form.missing") : undefined}
      stretch
      data-field={field.name}
    >
      <Question field={field} value={value} onChange={onChange} />
    </FormField>
  );
}
