"""The fault table: what goes wrong, what the reader gets, and the test that shows it. Summarised in the README.

python tests/faults.py     # prints it as a Markdown table
"""

from typing import NamedTuple


class Fault(NamedTuple):
    part: str
    fault: str
    expected: str
    test: str  # file::function


DATA, RUNS, TESTS, DEVICE, PLACE = "data", "runs", "tests", "devices", "place"
STANDS_IN = "named in the source line, nothing left behind, the shipped digits stand in"
DOWNLOAD = "test_data_faults::test_a_failed_download_is_named_leaves_nothing_and_the_shipped_digits_stand_in"
DAMAGED = "test_runs_survive::test_a_damaged_file_is_refused_by_name_and_the_run_at_hand_is_untouched"
PLANTED = "test_tester::test_a_cell_with_a_planted_fault_turns_the_run_red_B38_B55"
WIDGET = "test_tester::test_a_widget_with_a_planted_fault_turns_the_run_red_after_the_last_cell_B55_B59"

FAULTS = [
    Fault(DATA, "connection refused", STANDS_IN, DOWNLOAD),
    Fault(DATA, "403 from the server", STANDS_IN, DOWNLOAD),
    Fault(DATA, "cut off half-way", STANDS_IN, DOWNLOAD),
    Fault(DATA, "wrong bytes", STANDS_IN, DOWNLOAD),
    Fault(DATA, "too slow, or silent", STANDS_IN, DOWNLOAD),
    Fault(DATA, "a proxy's page in place of the file", STANDS_IN, DOWNLOAD),
    Fault(
        DATA,
        "the first mirrors fail",
        "the next is tried, and the one used is named",
        "test_data_faults::test_the_next_mirror_is_tried_and_the_one_used_is_named",
    ),
    Fault(
        DATA,
        "a folder that can't be written",
        "named before anything is downloaded; the shipped digits stand in",
        "test_data_faults::test_a_read_only_cache_is_named_and_nothing_is_downloaded_in_vain",
    ),
    Fault(
        DATA,
        "no home folder",
        "named; the shipped digits stand in",
        "test_data_faults::test_without_a_home_folder_the_package_works_and_says_so",
    ),
    Fault(
        DATA,
        "a full disk",
        STANDS_IN,
        "test_data_faults::test_a_full_disk_is_named_leaves_nothing_and_the_shipped_digits_stand_in",
    ),
    Fault(
        DATA,
        "a file of the reader's folder is missing, a folder, cut or altered",
        "an error that names it; the file stays as it is",
        "test_data_faults::test_a_faulty_file_in_a_named_folder_is_named_and_neither_replaced_nor_deleted",
    ),
    Fault(
        DATA,
        "MNIST's files in Fashion-MNIST's place",
        "an error that says so",
        "test_data_faults::test_a_faulty_file_in_a_named_folder_is_named_and_neither_replaced_nor_deleted",
    ),
    Fault(
        DATA,
        "a broken file in our own cache",
        "that file alone is fetched anew",
        "test_data_faults::test_a_broken_file_in_the_cache_is_fetched_anew_and_alone",
    ),
    Fault(
        DATA,
        "two kernels download into one folder",
        "both get it whole",
        "test_data_faults::test_two_downloads_into_one_folder_at_once_both_get_it_whole",
    ),
    Fault(
        DATA,
        "Fashion-MNIST is nowhere",
        "an error that names its files and the folder; no other pictures stand in",
        "test_data_faults::test_no_pictures_stand_in_for_fashion_mnist",
    ),
    Fault(
        DATA,
        "a damaged picture in one's own folder",
        "left out and named; more than one in ten are an error",
        "test_data_faults::test_a_damaged_picture_is_left_out_and_named_and_too_many_are_refused",
    ),
    Fault(
        DATA,
        "pictures beside the classes' folders",
        "a few are left out and named; many are an error",
        "test_data_faults::test_a_few_pictures_beside_the_folders_are_left_out_and_named_and_many_are_refused",
    ),
    Fault(
        DATA,
        "an array file is missing, damaged or of another shape",
        "an error that names it and what it should hold",
        "test_data_faults::test_arrays_that_are_no_original_or_of_another_layout_are_refused",
    ),
    Fault(
        DATA,
        "a name, folder, side or limit that doesn't exist",
        "an error that lists those there are",
        "test_data_faults::test_bad_input_is_answered_with_what_was_expected",
    ),
    Fault(
        RUNS,
        "25 interrupts before random lines",
        "G and D at the same step; going on gives an unbroken run's bits",
        "test_runs_survive::"
        "test_interrupts_before_any_line_leave_G_and_D_at_the_same_step_and_running_again_goes_on_B26",
    ),
    Fault(
        RUNS,
        "25 interrupts at random times",
        "the same",
        "test_runs_survive::"
        "test_interrupts_at_random_times_leave_G_and_D_at_the_same_step_and_running_again_goes_on_B26",
    ),
    Fault(
        RUNS,
        "Jupyter's stop button in a real kernel",
        "the cell ends normally and goes on when run again",
        "test_runs_survive::test_jupyters_stop_button_ends_the_cell_normally_and_the_cell_goes_on_when_run_again_B26",
    ),
    Fault(
        RUNS,
        "an exception between D's step and G's",
        "back to the last good state",
        "test_runs_survive::test_an_exception_between_Ds_step_and_Gs_puts_the_run_back_to_its_last_good_state_B26",
    ),
    Fault(
        RUNS,
        "an error in what shows the run",
        "the steps taken are kept",
        "test_runs_survive::test_an_error_in_what_shows_the_run_costs_no_step",
    ),
    Fault(
        RUNS,
        "saved and resumed",
        "bit for bit an unbroken run",
        "test_runs_survive::test_a_run_saved_at_any_step_resumes_to_the_bits_of_an_unbroken_one",
    ),
    Fault(
        RUNS,
        "20 kills while saving",
        "the last complete save is whole",
        "test_runs_survive::test_20_kills_while_saving_lose_nothing",
    ),
    Fault(
        RUNS,
        "a full disk while saving",
        "named; the last save is whole, the run goes on",
        "test_runs_survive::test_a_full_disk_while_saving_leaves_the_last_good_save_whole_and_says_so",
    ),
    Fault(
        RUNS,
        "a folder that can't be written while saving",
        "named; the run goes on",
        "test_runs_survive::test_a_folder_that_cant_be_written_is_named_and_the_run_goes_on",
    ),
    Fault(
        RUNS,
        "a checkpoint of another layout",
        "refused, both layouts named",
        "test_runs_survive::test_another_layout_is_refused_with_both_named",
    ),
    Fault(RUNS, "a damaged checkpoint, 22 ways", "refused by name", DAMAGED),
    Fault(
        RUNS,
        "one flipped bit in a tensor",
        "refused by its checksum",
        "test_runs_survive::test_a_byte_that_rots_in_a_tensor_is_not_taken_for_the_same_run",
    ),
    Fault(
        RUNS,
        "a pickled file",
        "refused, nothing in it runs",
        "test_runs_survive::test_a_pickled_file_is_refused_and_nothing_in_it_runs_B24_B54",
    ),
    Fault(
        RUNS,
        "a loss becomes NaN",
        "step, lam and way out named, last good state kept",
        "test_runs_survive::test_a_loss_that_is_nan_in_any_place_is_seen_and_its_step_is_named_B26",
    ),
    Fault(
        RUNS,
        "a weight becomes NaN while the loss is finite",
        "not kept as a good state",
        "test_runs_survive::test_a_weight_that_became_nan_while_its_loss_was_finite_is_not_kept_as_a_good_state_B26",
    ),
    Fault(TESTS, "a cell with an unknown magic", "the run turns red", PLANTED),
    Fault(TESTS, "a magic that takes the cell's lines", "the run turns red", PLANTED),
    Fault(TESTS, "an exception swallowed by Output or interact", "the run turns red", PLANTED),
    Fault(TESTS, "a name that breaks inside a callback", "the run turns red", WIDGET),
    Fault(TESTS, "a callback that nothing reaches", "the run turns red", WIDGET),
    Fault(TESTS, "a callback reads a global that a later cell overwrites", "the run turns red, the name given", WIDGET),
    Fault(
        TESTS,
        "a notebook committed without having run",
        "the run turns red",
        "test_tester::test_each_code_cell_of_the_committed_notebook_ran_once_in_order",
    ),
    Fault(
        TESTS,
        "39 breaches of style",
        "each is seen by its rule",
        "test_style::test_a_planted_breach_is_seen_by_its_rule",
    ),
    Fault(
        DEVICE,
        "a device that computes wrongly",
        "the CPU is taken, with a warning that says why",
        "test_devices::test_a_wrong_transposed_convolution_is_seen_and_the_cpu_taken_with_a_sentence_B49",
    ),
    Fault(
        DEVICE,
        "a device that can't run the networks",
        "the CPU is taken, with a warning that says why",
        "test_devices::test_a_device_that_cant_run_the_networks_falls_back_with_a_sentence_B49",
    ),
    Fault(
        DEVICE,
        "a tensor left on another device",
        "a step on the meta device raises",
        "test_devices::test_the_meta_device_does_notice_a_tensor_left_on_the_cpu",
    ),
    Fault(
        DEVICE,
        "codes in double precision",
        "single precision before they reach the device",
        "test_devices::test_codes_in_double_precision_reach_the_generator_as_single_B63",
    ),
    Fault(
        PLACE,
        "the package isn't installed",
        "the folder above is used",
        "test_first_cell::test_in_a_checkout_that_is_not_installed_the_folder_above_is_used",
    ),
    Fault(
        PLACE,
        "a bare machine, as Colab's",
        "pip installs from the one constant",
        "test_first_cell::test_elsewhere_pip_gets_the_repository_of_the_one_constant",
    ),
    Fault(
        PLACE,
        "a bare machine, and no repository set",
        "an error that says what to do; no badge anywhere",
        "test_first_cell::test_elsewhere_without_a_repository_the_error_says_what_to_do",
    ),
    Fault(
        PLACE,
        "a notebook alone, without the folder around it",
        "it reads nothing from beside it",
        "test_style::test_the_notebook_keeps_the_rule",
    ),
    Fault(
        PLACE,
        "a file of the package that pip leaves out",
        "the run turns red",
        "test_project::test_every_file_of_the_package_is_installed_with_it",
    ),
]


def markdown() -> str:
    rows = ["| part | fault | what you get | test |", "|---|---|---|---|"]
    return "\n".join([*rows, *(f"| {f.part} | {f.fault} | {f.expected} | `{f.test}` |" for f in FAULTS)])


if __name__ == "__main__":
    print(markdown())
