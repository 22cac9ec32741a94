# k-means on the teaching set of mall customers: income and score, raw, the best of many starts.
mall=(kmeans --columns "Annual Income (k\$),Spending Score (1-100)" --scale none --starts 50 --tolerance 0 $shared/cluster/Mall_Customers.csv)
for pair in 2:181363.595960 3:106348.373062 4:73679.789039 5:44448.455448 6:37233.814511; do
  "$custmine" "${mall[@]}" --k "${pair%%:*}" --table diagnostics > "$work/kmeans"
  figure "Mall customers" "inertia, k = ${pair%%:*}" "${pair#*:}" "$(cell "$work/kmeans" chosen true inertia)"
done
"$custmine" "${mall[@]}" --k 5 --table diagnostics > "$work/kmeans"; "$custmine" "${mall[@]}" --k 5 --table segments > "$work/segments"
figure "Mall customers" "silhouette, k = 5" .553931997 "$(cell "$work/kmeans" chosen true silhouette)"
place=0
for size in 81 39 35 23 22; do
  place=$((place + 1)); figure "Mall customers" "size of segment $place, k = 5" $size "$(cell "$work/segments" segment $place customers)"
done
